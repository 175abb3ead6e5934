//! `meter station`: the firmware of the smart meter on this PC. The application is the same; modules may be simulated,
//! flash and card are files, the network is the PC's.

mod archive;
mod card;
pub(crate) mod cli;
mod clock;
mod counter;
mod ending;
mod flash;
mod line;
mod machine;
mod output;
mod page;
mod settings;
mod terminal;
mod time;
mod uplink;

use std::future::pending;
use std::net::{IpAddr, UdpSocket};

use embassy_futures::join::join4;
use embassy_futures::select::{Either, select};
use embassy_time as _;
use pzem::Config;
use pzem::asynch::Pzem;
use smart_meter::app::{self, Parts};
use smart_meter::display;
use smart_meter::live::{Live, NetworkState};
use smart_meter::ota::Version;
use smart_meter::platform::{Machine, MeterSource, NoRtc};
use smart_meter::record::Record;
use smart_meter::sampler::Meters;
use smart_meter::settings::Settings;
use smart_meter::source::PzemLine;
use smart_meter::store::{Log, Opened, Plan, SharedFlash, SharedStates, States};

use self::archive::Archive;
use self::cli::StationOptions;
use self::clock::{StationClock, WallClock};
use self::flash::{Flash, PAGES};
use self::line::StationLine;
use self::machine::{NoTeeth, Process};
use self::output::{Output, say};
use self::page::Page;
use self::terminal::Terminal;
use self::time::PcTime;
use crate::error::Problem;
use crate::network::{self, Authority, Sockets};

pub(crate) fn run(options: &StationOptions) -> Result<(), Problem> {
    let settings = settings::of(options)?;
    let authority = Authority::of(options.ca.as_deref())?;
    let runtime = network::runtime()?;
    runtime.block_on(station(options, settings, Sockets::new(authority)))
}

async fn station(
    options: &StationOptions,
    settings: Settings,
    sockets: Sockets,
) -> Result<(), Problem> {
    let clock = StationClock::new(options.speed);
    let page = match options.page {
        Some(port) => Some(Page::open(port).await?),
        None => None,
    };
    let flash = match &options.data {
        Some(folder) => Flash::in_folder(folder)?,
        None => Flash::in_memory(),
    };
    // Nobody else has the folder from here on.
    let (line, config) = line(options, &settings, clock)?;
    let archive = options.data.as_deref().map(Archive::in_folder);
    let archive: Option<&'static Archive> = match archive {
        Some(archive) => Some(Box::leak(Box::new(archive?))),
        None => None,
    };
    let broken = |error| Problem::Refused(format!("the flash of the station: {error}"));
    let shared = SharedFlash::open(flash, clock, 0).await.map_err(broken)?;
    let plan = Plan::of(PAGES).ok_or_else(|| Problem::Refused("too little flash".to_owned()))?;
    let layout = plan.regions(&shared, 0).map_err(broken)?;
    let states = SharedStates::new(States::new(layout.states).map_err(broken)?);
    let log = Log::new();
    let without = Process.random();
    let opened = Opened::open(&shared, layout.queues, &states, &log, without).await;
    let opened = opened.map_err(broken)?;
    let source = PzemLine::with_config(Pzem::new(line, clock), &settings.addresses, config);
    let meters = Meters::new(&settings, &source, &opened.meters);
    // For as long as the process: the application lends them to everybody.
    let live: &'static Live = Box::leak(Box::new(Live::new(settings)));
    let output: &'static Output = Box::leak(Box::default());
    let is_shown = !options.display;
    let witness = move |record: &Record| {
        output.record(record, live, is_shown);
        if let Some(archive) = archive {
            archive.offer(record);
        }
    };
    live.witness.set(Some(Box::leak(Box::new(witness))));
    introduce(live);
    let channels = source.channels();
    say(format_args!(
        "start {} of this station, {channels} meter(s)",
        log.boot()
    ));
    let sending = uplink::run(sockets, &log, &states, clock, live, is_shown);
    let looking = async {
        match &page {
            Some(page) => page.serve(clock, live).await,
            None => pending().await,
        }
    };
    let showing = async {
        if options.display {
            let mut screen = Terminal::new(clock, live, output);
            display::run(&mut screen, WallClock(clock), live).await;
        }
        pending::<()>().await;
    };
    let keeping = async {
        match archive {
            Some(archive) => archive.run(clock, live).await,
            None => pending().await,
        }
    };
    let others = join4(sending, looking, showing, keeping);
    let time_server = if settings::asks_time_servers(options) {
        PcTime::servers(options.ntp_port)
    } else {
        PcTime::own(clock)
    };
    let parts = Parts {
        clock,
        source,
        time_server,
        rtc: NoRtc,
        watchdog: NoTeeth,
        machine: Process,
        flash: &shared,
        keeper: opened.keeper,
        is_damaged: opened.is_damaged,
        meters: &meters,
        log: &log,
        live,
    };
    let ending = ending::wait(options.count, archive.is_some(), output, &log, live);
    let result = match select(app::run(parts, others), ending).await {
        Either::First(never) => never,
        Either::Second(result) => result,
    };
    match archive {
        Some(archive) => result.and(archive.end(live).await),
        None => result,
    }
}

/// The line the modules are on, and how they are asked.
fn line(
    options: &StationOptions,
    settings: &Settings,
    clock: StationClock,
) -> Result<(StationLine, Config), Problem> {
    let Some(path) = &options.port else {
        if !options.sim {
            say(format_args!("no --port given: using a simulated module"));
        }
        let line = StationLine::simulated(&settings.addresses, clock, options.data.as_deref())?;
        return Ok((line, Config::new()));
    };
    // USB adapters and networks take their time.
    let config = Config::new().with_reply_timeout_ms(500);
    Ok((StationLine::open(path)?, config))
}

/// What the device is and where, for its display and page.
fn introduce(live: &Live) {
    if let Some(version) = Version::parse(env!("CARGO_PKG_VERSION")) {
        live.firmware.version.set(version);
    }
    // The way to an address that is nobody's (RFC 5737); nothing is sent.
    let way = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    let address = match way.map(|address| address.ip()) {
        Ok(IpAddr::V4(address)) => address,
        _ => std::net::Ipv4Addr::LOCALHOST,
    };
    live.network.set(NetworkState {
        is_up: true,
        address: Some(address.octets()),
    });
}
