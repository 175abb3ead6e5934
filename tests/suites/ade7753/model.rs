//! The model of the chip against itself and its facts: closed form and samples agree, broken rules of
//! the bus have the effect they have on the wire.

use embedded_hal::spi::{Operation, SpiDevice};
use meter_sim::ade7753::{Board, Imperfections, Inputs, Violation};

fn read(board: &Board, register: u8, pause_ns: u32) -> u32 {
    let mut data = [0; 3];
    let operations = &mut [
        Operation::Write(&[register]),
        Operation::DelayNs(pause_ns),
        Operation::Read(&mut data),
    ];
    board.spi(1_000_000).transaction(operations).unwrap();
    data.iter().fold(0, |raw, byte| raw << 8 | u32::from(*byte))
}

fn write(board: &Board, frame: &[u8], pause_ns: u32) {
    let operations = &mut [Operation::Write(frame), Operation::DelayNs(pause_ns)];
    board.spi(1_000_000).transaction(operations).unwrap();
}

#[test]
fn closed_form_and_samples_agree() {
    for (lag_deg, hz, integrator) in [
        (0.0, 50.0, 0),
        (60.0, 50.0, 0),
        (-40.0, 60.0, 0),
        (-60.0, 50.0, 0x80),
    ] {
        let inputs = Inputs {
            ch1_v: 0.12,
            ch2_v: 0.17,
            lag_deg,
            hz,
        };
        let [fast, sampled] = [
            Board::fast(Imperfections::NONE, 1),
            Board::waveform(Imperfections::NONE, 1),
        ]
        .map(|board| {
            board.apply(inputs);
            write(&board, &[0x8D, integrator], 4_000);
            board.advance_us(3_000_000);
            // Peaks of the start do not count.
            read(&board, 0x23, 4_000);
            read(&board, 0x25, 4_000);
            // LINECYC 200, CYCMODE on; the third end of a window.
            write(&board, &[0x9C, 0, 200], 4_000);
            write(&board, &[0x89, 0x00, 0x8C], 4_000);
            write(&board, &[0x8A, 0x00, 0x04], 4_000);
            for _ in 0..3 {
                read(&board, 0x0C, 4_000);
                assert!(board.wait_for_interrupt(10_000_000));
            }
            let signed = |raw: u32| f64::from((raw << 8).cast_signed() >> 8);
            let energies = [0x04, 0x07, 0x08].map(|register| signed(read(&board, register, 4_000)));
            let period = f64::from(read(&board, 0x27, 4_000) >> 8);
            let mut rms = [0.0; 2];
            for _ in 0..200 {
                board.advance_us(28);
                rms[0] += f64::from(read(&board, 0x16, 4_000)) / 200.0;
                rms[1] += f64::from(read(&board, 0x17, 4_000)) / 200.0;
            }
            let peaks = [0x22, 0x24].map(|register| f64::from(read(&board, register, 4_000)));
            [
                energies[0],
                energies[1],
                energies[2],
                period,
                rms[0],
                rms[1],
                peaks[0],
                peaks[1],
            ]
        });
        let names = [
            "active", "apparent", "reactive", "period", "irms", "vrms", "ipeak", "vpeak",
        ];
        for ((fast, sampled), name) in fast.iter().zip(sampled).zip(names) {
            let tolerance = sampled.abs() * 1.5e-3 + 2.0;
            assert!(
                (fast - sampled).abs() <= tolerance,
                "{name} at {lag_deg}: {fast} {sampled}"
            );
        }
    }
}

#[test]
fn a_read_without_its_pause_brings_the_one_before() {
    let board = super::board();
    assert_eq!(read(&board, 0x1C, 4_000) >> 8, 0xFFFF);
    assert_eq!(read(&board, 0x15, 3_999) >> 8, 0xFFFF);
    assert_eq!(board.violations(), [Violation::ReadTooEarly]);
    assert_eq!(read(&board, 0x15, 4_000) >> 8, 0x3F);
}

#[test]
fn bytes_that_come_too_fast_are_dropped() {
    let board = super::board();
    let frame = &mut [
        Operation::Write(&[0x9C, 0xA5, 0x5A]),
        Operation::DelayNs(4_000),
    ];
    board.spi(4_000_000).transaction(frame).unwrap();
    assert_eq!(board.register(0x1C), 0xA5FF);
    assert_eq!(board.violations(), [Violation::WriteTooFast]);
}

#[test]
fn a_command_right_after_a_write_takes_its_last_byte() {
    let board = super::board();
    write(&board, &[0x9C, 0xA5, 0x5A], 0);
    read(&board, 0x15, 4_000);
    assert_eq!(board.register(0x1C), 0xA5FF);
    assert_eq!(board.violations(), [Violation::CommandTooEarly]);
}

#[test]
fn transfers_right_after_a_reset_are_lost() {
    let board = super::board();
    write(&board, &[0x89, 0x00, 0x4C], 10_000);
    assert_eq!(read(&board, 0x15, 4_000), 0);
    assert!(board.violations().contains(&Violation::DuringReset));
    board.advance_us(20);
    assert_eq!(read(&board, 0x15, 4_000) >> 8, 0x3F);
    assert_eq!(read(&board, 0x0B, 4_000) >> 8 & 0x40, 0x40);
}

#[test]
fn an_aborted_write_changes_nothing() {
    let board = super::board();
    write(&board, &[0x9C, 0xA5], 4_000);
    assert_eq!(board.register(0x1C), 0xFFFF);
    assert!(board.violations().contains(&Violation::Aborted));
}

#[test]
fn read_only_registers_stay_and_holes_are_quiet() {
    let board = super::board();
    board.set_register(0x22, 0x123456);
    write(&board, &[0xA2, 1, 2, 3], 4_000);
    assert_eq!(read(&board, 0x22, 4_000), 0x0012_3456);
    assert_eq!(read(&board, 0x30, 4_000), 0);
}

#[test]
fn noise_adds_to_the_current_in_squares() {
    let noisy = Imperfections {
        noise_ch1: 1e-3,
        ..Imperfections::NONE
    };
    for board in [Board::fast(noisy, 1), Board::waveform(noisy, 1)] {
        board.apply(Inputs {
            ch1_v: 0.0,
            ..super::half_scale()
        });
        board.advance_us(2_000_000);
        let noise = f64::from(read(&board, 0x16, 4_000));
        assert!((noise / 1_868.5 - 1.0).abs() < 0.1, "{noise}");
    }
}
