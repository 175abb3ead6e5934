//! `meter decode`: frames in hexadecimal, one a line.

use std::io::{self, BufRead, BufWriter, IsTerminal, Write};

use pzem::frame::{Frame, FrameError, Registers};
use pzem::legacy::{LegacyFrame, Value};
use pzem::plausibility::Implausible;
use pzem::{DcMeasurement, DcPlausibility, Measurement, Plausibility, Quantity};
use serde::Serialize;

use crate::cli::DecodeOptions;
use crate::error::Problem;
use crate::report::Values;

/// What one line of input comes to.
#[derive(Debug, Default, Serialize)]
struct Decoded {
    line: u64,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    values: Option<Values>,
    #[serde(skip_serializing_if = "Option::is_none")]
    high_alarm: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    low_alarm: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plausible: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    implausible: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registers: Option<Vec<u16>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

pub(crate) fn run(options: DecodeOptions) -> Result<(), Problem> {
    let stdin = io::stdin();
    let typed = stdin.is_terminal();
    let mut input = stdin.lock();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut text = Vec::new();
    let (mut line, mut refused) = (0_u64, 0_u64);
    loop {
        text.clear();
        if input.read_until(b'\n', &mut text)? == 0 {
            break;
        }
        line += 1;
        let decoded = Decoded {
            line,
            ..decode(text.trim_ascii())
        };
        refused += u64::from(!decoded.ok);
        if options.json {
            serde_json::to_writer(&mut out, &decoded)?;
            writeln!(out)?;
        } else {
            writeln!(out, "{}", decoded.text())?;
        }
        // Whoever types wants the answer before the next line.
        if typed {
            out.flush()?;
        }
    }
    out.flush()?;
    match refused {
        0 => Ok(()),
        _ => Err(Problem::Refused(format!(
            "{refused} of {line} lines are no good frames"
        ))),
    }
}

fn decode(text: &[u8]) -> Decoded {
    let bytes = match parse_hex(text) {
        Ok(bytes) => bytes,
        Err(message) => return Decoded::refused("hex", message),
    };
    match (Frame::parse(&bytes), LegacyFrame::parse(&bytes)) {
        (Ok(frame), _) => of_frame(&frame),
        (Err(_), Some(frame)) => of_legacy(frame),
        (Err(error), None) => refuse(&bytes, error),
    }
}

/// Bytes out of hexadecimal digits, with or without separators and `0x`.
fn parse_hex(text: &[u8]) -> Result<Vec<u8>, String> {
    let text = str::from_utf8(text).map_err(|_| "not a text: hexadecimal is wanted".to_owned())?;
    let mut bytes = Vec::new();
    for group in text.split([' ', '\t', ',', ':', ';', '-']) {
        let digits = group
            .strip_prefix("0x")
            .or_else(|| group.strip_prefix("0X"))
            .unwrap_or(group);
        if let Some(wrong) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(format!("{wrong:?} is no hexadecimal digit"));
        }
        if digits.len() % 2 != 0 {
            return Err(format!("{digits:?} has an odd number of digits"));
        }
        for pair in digits.as_bytes().chunks_exact(2) {
            let byte = str::from_utf8(pair)
                .ok()
                .map(|pair| u8::from_str_radix(pair, 16));
            bytes.extend(byte.and_then(Result::ok));
        }
    }
    Ok(bytes)
}

fn refuse(bytes: &[u8], error: FrameError) -> Decoded {
    if bytes.is_empty() {
        return Decoded::refused("length", "no bytes in this line".to_owned());
    }
    // Seven bytes that start as a v1/v2 frame: the checksum is what does not fit.
    if let [0xA0..=0xA5 | 0xB0..=0xB5, _, _, _, _, _, _] = bytes {
        return Decoded::refused(
            "crc",
            "neither the checksum of a v1/v2 frame nor a CRC fits".to_owned(),
        );
    }
    let code = match error {
        FrameError::Length { .. } => "length",
        FrameError::UnknownFunction(_) => "function",
        _ => "crc",
    };
    Decoded::refused(code, error.to_string())
}

fn of_frame(frame: &Frame<'_>) -> Decoded {
    let address = frame.address();
    match *frame {
        Frame::Registers {
            function: 0x04,
            registers,
            ..
        } => of_input_registers(address, registers),
        Frame::Registers {
            function,
            registers,
            ..
        } => Decoded {
            function: Some(function),
            registers: Some(registers.iter().collect()),
            ..Decoded::of("registers", address)
        },
        Frame::Exception {
            function,
            exception,
            ..
        } => Decoded {
            function: Some(function),
            code: Some(exception.0),
            message: Some(exception.to_string()),
            ..Decoded::of("exception", address)
        },
        Frame::Read {
            function,
            start,
            count,
            ..
        } => {
            let text = format!("read {count} registers from {start}");
            Decoded::request(address, function, text)
        }
        Frame::Write {
            register, value, ..
        } => {
            let text = format!("write {value} to register {register} (or its confirmation)");
            Decoded::request(address, 0x06, text)
        }
        Frame::ResetEnergy { .. } => {
            let text = "reset the energy counter (or its confirmation)".to_owned();
            Decoded::request(address, 0x42, text)
        }
        Frame::Calibrate { .. } => {
            let text = "calibrate (or its confirmation)".to_owned();
            Decoded::request(address, 0x41, text)
        }
        _ => Decoded::refused("function", "a frame this version does not know".to_owned()),
    }
}

fn of_input_registers(address: u8, registers: Registers<'_>) -> Decoded {
    let is_dc = registers.len() == usize::from(DcMeasurement::REGISTERS);
    if let (true, Some(m)) = (is_dc, DcMeasurement::from_registers(registers)) {
        return Decoded {
            high_alarm: Some(m.high_voltage.is_active()),
            low_alarm: Some(m.low_voltage.is_active()),
            ..Decoded::measured(
                "dc_measurement",
                Values::dc(address, &m),
                DcPlausibility::new().check(&m),
            )
        };
    }
    match Measurement::from_registers(registers) {
        Some(m) => Decoded::measured(
            "measurement",
            Values::ac(address, &m),
            Plausibility::new().check(&m),
        ),
        None => Decoded {
            function: Some(0x04),
            registers: Some(registers.iter().collect()),
            ..Decoded::of("registers", address)
        },
    }
}

fn of_legacy(frame: LegacyFrame) -> Decoded {
    let value = match frame {
        LegacyFrame::Reply(value) => value,
        LegacyFrame::Request {
            command, address, ..
        } => {
            let text = match command.opcode() {
                0xB4 => format!("v1/v2: take the address {address}"),
                0xB5 => format!("v1/v2: set the alarm of {address}"),
                _ => format!("v1/v2: read a value of {address}"),
            };
            return Decoded {
                values: Some(Values::default()),
                function: Some(command.opcode()),
                message: Some(text),
                ..Decoded::of("request", 0)
            };
        }
        _ => return Decoded::refused("function", "a frame this version does not know".to_owned()),
    };
    let limits = Plausibility::new();
    let mut values = Values::default();
    let (checked, done) = match value {
        Value::VoltageDv(voltage) => {
            values.voltage_mv = Some(voltage * 100);
            (limits.check_value(Quantity::Voltage, voltage), None)
        }
        Value::CurrentCa(current) => {
            values.current_ma = Some(current * 10);
            (limits.check_value(Quantity::Current, current * 10), None)
        }
        Value::PowerW(power) => {
            values.power_mw = Some(u64::from(power) * 1_000);
            (limits.check_value(Quantity::Power, power * 10), None)
        }
        Value::EnergyWh(energy) => {
            values.energy_mwh = Some(u64::from(energy) * 1_000);
            (Ok(()), None)
        }
        done => (Ok(()), Some(done.to_string())),
    };
    Decoded {
        message: done,
        ..Decoded::measured("legacy", values, checked)
    }
}

impl Decoded {
    fn of(kind: &'static str, address: u8) -> Self {
        let values = Values {
            address: Some(address),
            ..Values::default()
        };
        Self {
            ok: true,
            kind: Some(kind),
            values: Some(values),
            ..Self::default()
        }
    }

    fn request(address: u8, function: u8, text: String) -> Self {
        Self {
            function: Some(function),
            message: Some(text),
            ..Self::of("request", address)
        }
    }

    fn measured(kind: &'static str, values: Values, checked: Result<(), Implausible>) -> Self {
        Self {
            values: Some(values),
            plausible: Some(checked.is_ok()),
            implausible: checked.err().map(|implausible| implausible.field.name()),
            ..Self::of(kind, 0)
        }
    }

    fn refused(error: &'static str, message: String) -> Self {
        Self {
            error: Some(error),
            message: Some(message),
            ..Self::default()
        }
    }

    /// The line for people.
    fn text(&self) -> String {
        let values = self.values.unwrap_or_default();
        let kind = self.kind.unwrap_or("refused");
        let mut text = format!("line {}: {}", self.line, kind.replace('_', " "));
        if let Some(address) = values.address {
            text += &format!(", address {address}");
        }
        if let (Some(function), Some(code)) = (self.function, self.code) {
            text += &format!(", function 0x{function:02X}, code {code}");
        }
        let measured = values.line();
        if !measured.is_empty() {
            text += &format!(": {measured}");
        }
        if let Some(registers) = &self.registers {
            text += &format!(": {registers:?}");
        }
        if let Some(message) = &self.message {
            text += &format!(": {message}");
        }
        if let Some(field) = self.implausible {
            text += &format!("  (implausible {})", field.replace('_', " "));
        }
        text
    }
}
