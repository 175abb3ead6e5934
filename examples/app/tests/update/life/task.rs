//! The task that loads, proves and takes back.

use super::*;

/// Runs the task itself on a device, with somebody who acts beside it.
fn with_updater(
    device: &Device,
    web: &std::rc::Rc<Web>,
    version: Version,
    live: &Live,
    clock: &StepClock,
    act: impl Future<Output = ()>,
) {
    let keys = [Maker::new([0; 3], &[]).public()];
    let this = ota::Device {
        keys: &keys,
        chip: Chip::Esp32c3,
        version,
    };
    let start = device.start(version);
    let (mut blobs, mut slots) = (device.blobs(), device.slots(device.boot()));
    let (mut link, mut buffer) = (Link(web.clone()), [0; 512]);
    let task = ota::updater(
        &mut link,
        clock,
        &mut blobs,
        &mut slots,
        &this,
        start,
        true,
        live,
        &mut buffer,
    );
    block_on(select(task, act));
}

#[test]
fn the_task_looks_when_asked_loads_restarts_and_lets_the_new_firmware_prove_itself() {
    let device = Device::new(&body_of(OLD, LENGTH));
    let web = Web::serving(&Maker::new([1, 1, 0], &body_of(NEW, LENGTH)).image());
    let mut settings = Settings::default();
    let alive = |live: &Live, now_ms| {
        for task in [Task::Sampler, Task::Uplink, Task::Keeper] {
            live.is_alive(task, now_ms);
        }
    };
    let said = |live: &Live| live.firmware.said.borrow().to_string();

    let (live, clock) = (Live::new(settings.clone()), StepClock::default());
    with_updater(&device, &web, OLD, &live, &clock, async {
        live.firmware.look.signal(());
        clock.pass(1_000, |_| {}).await;
        assert_eq!(
            said(&live),
            "no address for updates: `set update.url https://...`"
        );
        assert_eq!(live.firmware.version.get(), OLD);

        live.settings.borrow_mut().set("update.url", URL).unwrap();
        web.refuses
            .set(Some(smart_meter::platform::ConnectError::Certificate));
        live.firmware.look.signal(());
        clock.pass(1_000, |_| {}).await;
        assert!(
            said(&live).contains("certificate is refused"),
            "{}",
            said(&live)
        );
        assert_eq!(live.update_percent.get(), None);
        web.refuses.set(None);

        // What works now is what the new firmware has to do too.
        let channel = Channel {
            last: Some((Values::default(), 0)),
            ..Channel::default()
        };
        assert!(live.channels.borrow_mut().push(channel).is_ok());
        live.network.set(NetworkState {
            is_up: true,
            ..NetworkState::default()
        });
        live.firmware.look.signal(());
        clock.pass(1_000, |_| {}).await;
        assert_eq!(said(&live), "version 1.1.0 is loaded: restarting");
        live.restart.wait().await;
    });
    assert_eq!(device.boot(), Slot::B);

    settings.set("update.url", URL).unwrap();
    let (live, clock) = (Live::new(settings.clone()), StepClock::default());
    with_updater(&device, &web, NEW, &live, &clock, async {
        clock.pass(60_000, |now_ms| alive(&live, now_ms)).await;
        assert!(
            live.firmware.is_on_trial.get(),
            "neither meter nor network yet"
        );
        let channel = Channel {
            last: Some((Values::default(), 0)),
            ..Channel::default()
        };
        assert!(live.channels.borrow_mut().push(channel).is_ok());
        live.network.set(NetworkState {
            is_up: true,
            ..NetworkState::default()
        });
        clock.pass(29_000, |now_ms| alive(&live, now_ms)).await;
        assert!(live.firmware.is_on_trial.get());
        clock.pass(3_000, |now_ms| alive(&live, now_ms)).await;
        assert!(!live.firmware.is_on_trial.get());
        assert_eq!(said(&live), "version 1.1.0 has proved itself");
        let event = live.told.try_receive().unwrap();
        assert_eq!(
            (event.code, event.value),
            (DeviceEvent::Updated as u8, 0x1_0001_0000)
        );

        // It looks by itself after a quarter of an hour, and finds nothing newer.
        clock.pass(16 * 60_000, |now_ms| alive(&live, now_ms)).await;
        assert!(
            said(&live).contains("version 1.1.0 is not newer than 1.1.0"),
            "{}",
            said(&live)
        );
    });
    assert_eq!(device.start(NEW), Start::Usual);
}

#[test]
fn the_task_takes_firmware_back_that_does_not_come_online() {
    let device = updated();
    let web = Web::serving(&[]);
    let (live, clock) = (Live::new(Settings::default()), StepClock::default());
    with_updater(&device, &web, NEW, &live, &clock, async {
        clock
            .pass(601_000, |now_ms| live.is_alive(Task::Sampler, now_ms))
            .await;
        live.restart.wait().await;
        let said = live.firmware.said.borrow().to_string();
        assert_eq!(said, "version 1.1.0 goes: a task is stuck");
    });
    assert_eq!(device.boot(), Slot::A);
    let (live, clock) = (Live::new(Settings::default()), StepClock::default());
    with_updater(&device, &web, OLD, &live, &clock, async {
        clock.pass(1_000, |_| {}).await;
        let said = live.firmware.said.borrow().to_string();
        assert_eq!(
            said,
            "version 1.1.0 did not prove itself and was taken back"
        );
        let event = live.told.try_receive().unwrap();
        assert_eq!(
            (event.code, event.value),
            (DeviceEvent::RolledBack as u8, 0x1_0001_0000)
        );
    });
}
