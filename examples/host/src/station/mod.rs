//! `meter station`: the firmware of the smart meter on this PC. The application is the same; modules may be simulated,
//! flash is a file, the network is the PC's.

pub(crate) mod cli;
mod clock;
mod flash;
mod line;
mod machine;
mod settings;
mod time;

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;
use std::time::Duration;

use embassy_futures::select::{Either, select};
use embassy_time as _;
use pzem::Config;
use pzem::asynch::Pzem;
use smart_meter::app::{self, Parts};
use smart_meter::live::Live;
use smart_meter::platform::{Machine, MeterSource, NoRtc};
use smart_meter::record::{Body, Record};
use smart_meter::sampler::Meters;
use smart_meter::serial_log::Entry;
use smart_meter::settings::{Settings, Uplink};
use smart_meter::source::PzemLine;
use smart_meter::store::{Enrolled, Log, Opened, Outlet, Plan, SharedFlash, SharedStates, States};
use smart_meter::uplink;

use self::cli::StationOptions;
use self::clock::StationClock;
use self::flash::{Flash, PAGES};
use self::line::StationLine;
use self::machine::{NoTeeth, Process};
use self::time::PcTime;
use crate::error::Problem;
use crate::network::{Authority, Sockets};

/// What still waits to be sent at the end is waited for this long.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn run(options: &StationOptions) -> Result<(), Problem> {
    let settings = settings::of(options)?;
    let authority = options
        .ca
        .as_deref()
        .map(Authority::from_file)
        .transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(station(options, settings, Sockets::new(authority)))
}

async fn station(
    options: &StationOptions,
    settings: Settings,
    sockets: Sockets,
) -> Result<(), Problem> {
    let clock = StationClock::new(options.speed);
    let (line, config) = match &options.port {
        // USB adapters and networks take their time.
        Some(path) => (
            StationLine::open(path)?,
            Config::new().with_reply_timeout_ms(500),
        ),
        None => {
            if !options.sim {
                eprintln!("meter: no --port given: using a simulated module");
            }
            (
                StationLine::simulated(&settings.addresses, clock),
                Config::new(),
            )
        }
    };
    let flash = match &options.data {
        Some(folder) => Flash::in_folder(folder)?,
        None => Flash::in_memory(),
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
    // For as long as the process: the application lends it to everybody.
    let live: &'static Live = Box::leak(Box::new(Live::new(settings)));
    let seen = watch(live);
    let channels = source.channels();
    eprintln!(
        "meter: start {} of this station, {channels} meter(s)",
        log.boot()
    );
    let sending = uplink::run(
        uplink::Parts {
            network: sockets,
            outbox: Outlet(&log),
            enrolment: Enrolled(&states),
            random: || Process.random(),
            mac: Process.mac(),
        },
        &clock,
        live,
    );
    let parts = Parts {
        clock,
        source,
        time_server: PcTime::new(clock),
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
    let ending = end(options.count, &seen, &log, live);
    match select(app::run(parts, sending), ending).await {
        Either::First(never) => never,
        Either::Second(result) => result,
    }
}

/// Shows records as they are made; gives how many readings there were.
fn watch(live: &'static Live) -> Rc<Cell<u64>> {
    let seen = Rc::new(Cell::new(0));
    let count = seen.clone();
    let show = move |record: &Record| {
        count.set(count.get() + u64::from(matches!(record.body, Body::Reading(_))));
        let settings = live.settings.borrow();
        let meter = settings.name(record.channel);
        // Whoever read our output has seen enough, and the station goes on.
        let _ = write!(std::io::stdout(), "{}", Entry { meter, record });
    };
    live.witness.set(Some(Box::leak(Box::new(show))));
    seen
}

/// After so many readings, or when somebody wants it: what is left is sent if that goes, everything else kept.
async fn end(count: Option<u64>, seen: &Cell<u64>, log: &Log, live: &Live) -> Result<(), Problem> {
    let enough = async {
        while count.is_none_or(|count| seen.get() < count) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let stopped = async {
        // Without a way to be told it runs for ever.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    select(enough, stopped).await;
    let sent = async {
        let waits = || {
            let (ram, flash) = log.depths();
            ram + flash > 0
        };
        while live.settings.borrow().uplink != Uplink::None && waits() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let _ = tokio::time::timeout(PATIENCE, sent).await;
    log.settle().await;
    let (ram, flash) = log.depths();
    let waiting = ram + flash;
    eprintln!(
        "meter: {} readings, {waiting} records wait to be sent",
        seen.get()
    );
    match live.uplink.borrow().error.as_deref() {
        Some(error) if waiting > 0 => Err(Problem::Refused(error.to_owned())),
        _ => Ok(()),
    }
}
