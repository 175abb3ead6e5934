//! Which pin and which unit of each chip is wired to what; the table in `examples/README.md` is the same.

/// The pin or unit of that name, taken out of the peripherals of the chip.
#[cfg(feature = "esp32")]
#[macro_export]
macro_rules! pin {
    ($p:ident, meter_uart) => {
        $p.UART2
    };
    // Where DevKit boards label RX2 and TX2.
    ($p:ident, meter_rx) => {
        $p.GPIO16
    };
    ($p:ident, meter_tx) => {
        $p.GPIO17
    };
    ($p:ident, sclk) => {
        $p.GPIO18
    };
    ($p:ident, mosi) => {
        $p.GPIO23
    };
    ($p:ident, miso) => {
        $p.GPIO19
    };
    ($p:ident, chip_cs) => {
        $p.GPIO5
    };
    ($p:ident, chip_irq) => {
        $p.GPIO4
    };
    ($p:ident, card_cs) => {
        $p.GPIO13
    };
    ($p:ident, sda) => {
        $p.GPIO21
    };
    ($p:ident, scl) => {
        $p.GPIO22
    };
    // The light and the BOOT button of most boards.
    ($p:ident, led) => {
        $p.GPIO2
    };
    ($p:ident, led_beside_chip) => {
        $p.GPIO2
    };
    ($p:ident, button) => {
        $p.GPIO0
    };
    ($p:ident, console_rx) => {
        $p.GPIO3
    };
}

/// The pin or unit of that name, taken out of the peripherals of the chip.
#[cfg(feature = "esp32s3")]
#[macro_export]
macro_rules! pin {
    ($p:ident, meter_uart) => {
        $p.UART2
    };
    ($p:ident, meter_rx) => {
        $p.GPIO16
    };
    ($p:ident, meter_tx) => {
        $p.GPIO17
    };
    ($p:ident, sclk) => {
        $p.GPIO12
    };
    ($p:ident, mosi) => {
        $p.GPIO11
    };
    ($p:ident, miso) => {
        $p.GPIO13
    };
    ($p:ident, chip_cs) => {
        $p.GPIO10
    };
    ($p:ident, chip_irq) => {
        $p.GPIO9
    };
    ($p:ident, card_cs) => {
        $p.GPIO14
    };
    ($p:ident, sda) => {
        $p.GPIO8
    };
    ($p:ident, scl) => {
        $p.GPIO18
    };
    ($p:ident, led) => {
        $p.GPIO21
    };
    ($p:ident, led_beside_chip) => {
        $p.GPIO21
    };
    ($p:ident, button) => {
        $p.GPIO0
    };
    ($p:ident, console_rx) => {
        $p.GPIO44
    };
}

/// The pin or unit of that name, taken out of the peripherals of the chip.
#[cfg(feature = "esp32c3")]
#[macro_export]
macro_rules! pin {
    ($p:ident, meter_uart) => {
        $p.UART1
    };
    ($p:ident, meter_rx) => {
        $p.GPIO5
    };
    ($p:ident, meter_tx) => {
        $p.GPIO4
    };
    ($p:ident, sclk) => {
        $p.GPIO6
    };
    ($p:ident, mosi) => {
        $p.GPIO7
    };
    ($p:ident, miso) => {
        $p.GPIO1
    };
    ($p:ident, chip_cs) => {
        $p.GPIO10
    };
    ($p:ident, chip_irq) => {
        $p.GPIO3
    };
    ($p:ident, card_cs) => {
        $p.GPIO0
    };
    // Two pins that have to be high at the start: the pull-ups of the bus see to that.
    ($p:ident, sda) => {
        $p.GPIO8
    };
    ($p:ident, scl) => {
        $p.GPIO2
    };
    // This chip has no pin left: the light sits where the other meter is not.
    ($p:ident, led) => {
        $p.GPIO3
    };
    ($p:ident, led_beside_chip) => {
        $p.GPIO4
    };
    ($p:ident, button) => {
        $p.GPIO9
    };
    ($p:ident, console_rx) => {
        $p.GPIO20
    };
}

/// The pin or unit of that name, taken out of the peripherals of the chip.
#[cfg(feature = "esp32c6")]
#[macro_export]
macro_rules! pin {
    ($p:ident, meter_uart) => {
        $p.UART1
    };
    // GPIO16 and GPIO17 are the serial console here.
    ($p:ident, meter_rx) => {
        $p.GPIO5
    };
    ($p:ident, meter_tx) => {
        $p.GPIO4
    };
    ($p:ident, sclk) => {
        $p.GPIO6
    };
    ($p:ident, mosi) => {
        $p.GPIO7
    };
    ($p:ident, miso) => {
        $p.GPIO2
    };
    ($p:ident, chip_cs) => {
        $p.GPIO18
    };
    ($p:ident, chip_irq) => {
        $p.GPIO19
    };
    ($p:ident, card_cs) => {
        $p.GPIO20
    };
    ($p:ident, sda) => {
        $p.GPIO22
    };
    ($p:ident, scl) => {
        $p.GPIO23
    };
    ($p:ident, led) => {
        $p.GPIO21
    };
    ($p:ident, led_beside_chip) => {
        $p.GPIO21
    };
    ($p:ident, button) => {
        $p.GPIO9
    };
    ($p:ident, console_rx) => {
        $p.GPIO17
    };
}
