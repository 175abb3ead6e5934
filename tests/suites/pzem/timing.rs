//! How long polls take, and what one bad module costs the others.

use meter_sim::pzem::{AcModule, BabblingModule, Line, Load, ModuleId};
use pzem::bus::{Bus, Link, Policy, Sample};
use pzem::{Address, Config, Family, blocking};

const TURNAROUND_US: u64 = 30_000;
/// Request, reply, and the 3.5 characters of silence that separate frames (Modbus over serial line
/// V1.02, section 2.5.1.1), at ten bits a byte and 9600 baud.
const WIRE_US: u64 = (8 + 25) * 10_000_000 / 9_600 + 35 * 1_000_000 / 9_600;

fn module(address: u8) -> AcModule {
    AcModule::new(address)
        .with_turnaround_us(TURNAROUND_US)
        .with_load(Load {
            voltage_dv: 2300,
            current_ma: 1000,
            power_factor_percent: 95,
            frequency_dhz: 500,
        })
}

fn unit(address: u8) -> Address {
    Address::new(address).expect("an address")
}

type Sim = blocking::Pzem<meter_sim::pzem::Uart, meter_sim::pzem::Delay>;

fn shell(line: &Line) -> Sim {
    let config = Config::new().with_read_retries(0);
    blocking::Pzem::with_config(line.uart(), line.delay(), config)
}

#[test]
fn a_poll_takes_the_wire_and_the_module_and_two_percent() {
    let line = Line::new();
    line.attach(module(1));
    let mut pzem = shell(&line);
    let start = line.now_us();
    for _ in 0..1_000 {
        pzem.read(unit(1)).expect("a good reply");
    }
    let each = (line.now_us() - start) / 1_000;
    let ideal = WIRE_US + TURNAROUND_US;
    println!("one module: {each} us per poll, wire and module {ideal} us");
    assert!(
        each >= ideal && (each - ideal) * 100 <= ideal * 2,
        "{each} us, ideal {ideal} us"
    );
}

/// Runs a bus as fast as the line allows for `seconds`; good polls per module.
fn drive<const N: usize>(line: &Line, bus: &mut Bus<N>, seconds: u64) -> Vec<u32> {
    let mut pzem = shell(line);
    let before: Vec<u32> = bus.modules().iter().map(|m| m.ok).collect();
    let end = line.now_us() + seconds * 1_000_000;
    while line.now_us() < end {
        let now_ms = (line.now_us() / 1_000) as u32;
        match bus.due(now_ms) {
            Some(poll) => {
                let result = pzem.run(poll);
                bus.record(poll, result, (line.now_us() / 1_000) as u32);
            }
            None => line.advance_us(1_000),
        }
    }
    let after = bus.modules().iter().map(|m| m.ok);
    after
        .zip(before)
        .map(|(after, before)| after - before)
        .collect()
}

fn sixteen(interval_ms: u32) -> (Line, Bus<16>, Vec<ModuleId>) {
    let line = Line::new();
    let mut bus = Bus::with_policy(Policy::new().with_hold_first_frame(false));
    let ids = (1..=16)
        .map(|address| {
            bus.add(unit(address), Family::Ac, interval_ms, 0)
                .expect("room for 16");
            line.attach(module(address))
        })
        .collect();
    (line, bus, ids)
}

#[test]
fn sixteen_modules_keep_the_line_busy_and_nothing_more() {
    let (line, mut bus, _) = sixteen(0);
    let start = line.now_us();
    let polls = drive(&line, &mut bus, 120);
    let total: u32 = polls.iter().sum();
    let each = (line.now_us() - start) / u64::from(total);
    let ideal = WIRE_US + TURNAROUND_US;
    println!("16 modules: {each} us per poll, wire and module {ideal} us, {polls:?}");
    assert!(
        each >= ideal && (each - ideal) * 100 <= ideal * 2,
        "{each} us, ideal {ideal} us"
    );
    let (least, most) = (polls.iter().min(), polls.iter().max());
    assert!(
        most.zip(least)
            .is_some_and(|(most, least)| most - least <= 1),
        "{polls:?}"
    );
}

#[test]
fn one_dead_module_of_sixteen_costs_the_others_less_than_five_percent() {
    for interval_ms in [0, 1_300] {
        let (line, mut bus, _) = sixteen(interval_ms);
        let healthy = drive(&line, &mut bus, 300);
        let (line, mut bus, ids) = sixteen(interval_ms);
        line.ac(ids[4], |m| m.set_powered(false))
            .expect("an AC module");
        let with_dead = drive(&line, &mut bus, 300);
        for (index, (alive, all)) in with_dead.iter().zip(&healthy).enumerate() {
            if index == 4 {
                assert_eq!(*alive, 0);
            } else {
                assert!(alive * 100 >= all * 95, "module {index}: {alive} of {all}");
            }
        }
        println!(
            "interval {interval_ms} ms: {} polls with one dead, {} without",
            with_dead[0], healthy[0]
        );
        assert_eq!(bus.modules()[4].link, Link::Offline);
        assert!(!bus.is_silent());
    }
}

#[test]
fn a_babbling_module_costs_the_others_less_than_five_percent() {
    let (line, mut bus, _) = sixteen(1_300);
    let healthy = drive(&line, &mut bus, 300);
    let line = Line::new();
    let mut bus: Bus<16> = Bus::with_policy(Policy::new().with_hold_first_frame(false));
    for address in 1..=16 {
        bus.add(unit(address), Family::Ac, 1_300, 0)
            .expect("room for 16");
        if address == 5 {
            line.attach(BabblingModule::new(5, 200, 99));
        } else {
            line.attach(module(address));
        }
    }
    let polls = drive(&line, &mut bus, 300);
    for (index, (alive, all)) in polls.iter().zip(&healthy).enumerate() {
        assert!(
            index == 4 || alive * 100 >= all * 95,
            "module {index}: {alive} of {all}"
        );
    }
    assert_eq!(polls[4], 0);
}

#[test]
fn a_module_goes_and_comes_back_with_its_first_frame_held() {
    let line = Line::new();
    let id = line.attach(module(1).with_power_up_garbage(true));
    let mut bus: Bus<1> = Bus::new();
    // Close to the end of the clock: it wraps on the way.
    let offset = u32::MAX - 5_000;
    let clock = |line: &Line| offset.wrapping_add((line.now_us() / 1_000) as u32);
    bus.add(unit(1), Family::Ac, 1_000, clock(&line))
        .expect("room for one");
    assert_eq!(
        bus.add(unit(1), Family::Ac, 1_000, 0),
        Err(pzem::bus::AddError::Duplicate)
    );
    assert_eq!(
        bus.add(unit(2), Family::Ac, 1_000, 0),
        Err(pzem::bus::AddError::Full)
    );
    let mut pzem = shell(&line);
    let mut changes = Vec::new();
    let mut energies = Vec::new();
    let mut poll_until = |until_s: u64, bus: &mut Bus<1>| {
        while line.now_us() < until_s * 1_000_000 {
            if let Some(poll) = bus.due(clock(&line)) {
                let result = pzem.run(poll);
                let event = bus.record(poll, result, clock(&line));
                changes.extend(event.change);
                if let Ok(Sample::Ac(m)) = event.result {
                    energies.push(m.voltage_dv);
                }
            } else {
                let wait = bus.wait_ms(clock(&line)).expect("one module");
                assert!(wait > 0);
                line.advance_us(u64::from(wait) * 1_000);
            }
        }
    };
    poll_until(10, &mut bus);
    line.ac(id, |m| m.set_powered(false)).expect("an AC module");
    poll_until(30, &mut bus);
    line.ac(id, |m| m.set_powered(true)).expect("an AC module");
    poll_until(100, &mut bus);
    assert_eq!(
        changes,
        [
            Link::Degraded,
            Link::Online,
            Link::Degraded,
            Link::Offline,
            Link::Degraded,
            Link::Online
        ]
    );
    // The nonsense after each power-up never came through.
    assert!(energies.iter().all(|voltage| *voltage == 2300));
    assert!(energies.len() > 40);
    let module = bus.modules()[0];
    assert_eq!(module.missed_in_row, 0);
    assert!(module.implausible >= 3, "{module:?}");
}
