use metering_tests::accuracy::*;
use meter_sim::ade7753::*;
#[test]
fn dbg() {
    let board = Board::fast(Imperfections::NONE, 1);
    let mut meter = Meter::with(Parts::Good, board.clone(), 1);
    let load = Load { volts: 230.0, amperes: 10.0, lag_deg: 0.0, hz: 50.0 };
    let d = meter.driver();
    d.start_windows(ade7753::LineCycles::new(100).unwrap()).unwrap();
    board.apply(Inputs{ch1_v:0.1,ch2_v:0.17,lag_deg:0.0,hz:50.0});
    for _ in 0..400 { board.advance_us(10_000); let d = meter.driver(); let w = d.poll_window(board.now_us());
    if w != Ok(None) { println!("{:?} {} lc {}", w, board.now_ns(), board.register(0x1c)); }}
    println!("{:x} {}", board.register(9), board.register(0x27));
    let _ = load;
}
