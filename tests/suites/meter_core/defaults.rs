//! What a type is by default is what it is when it is new.

use meter_core::detect::{
    Alarm, BaseLoad, ClockWatch, ConsumptionDrop, CounterWatch, DropLimits, Edges, EnergyMismatch,
    FeederBalance, FrozenSource, FrozenTimes, ImpossiblePower, Latch, Link, Residual,
};
use meter_core::meter::{Detectors, History, Meter, Outputs, Quality, Rules};
use meter_core::quality::{Extremes, Frequency, Supply, SupplyCounts, Voltage};
use meter_core::{Calibration, EnergyMeter, RateRegisters, Reading, Register, Registers, Step};

macro_rules! same {
    ($($type:ty = $new:expr),* $(,)?) => {
        $(assert_eq!(<$type>::default(), $new, stringify!($type));)*
    };
}

#[test]
fn defaults_are_new() {
    same!(
        Alarm = Alarm::new(),
        BaseLoad = BaseLoad::new(),
        ClockWatch = ClockWatch::new(),
        ConsumptionDrop = ConsumptionDrop::new(),
        CounterWatch = CounterWatch::new(),
        DropLimits = DropLimits::new(),
        Edges = Edges::new(),
        EnergyMismatch = EnergyMismatch::new(),
        FeederBalance = FeederBalance::new(),
        FrozenSource = FrozenSource::new(),
        FrozenTimes = FrozenTimes::new(),
        ImpossiblePower = ImpossiblePower::new(),
        Latch = Latch::new(),
        Link = Link::new(),
        Residual = Residual::new(),
        Detectors = Detectors::new(),
        History = History::new(),
        Quality = Quality::new(),
        Rules = Rules::new(),
        Outputs = Outputs::new(),
        Extremes = Extremes::new(),
        Frequency = Frequency::new(),
        Supply = Supply::new(),
        SupplyCounts = SupplyCounts::ZERO,
        Voltage = Voltage::new(),
        Calibration<2> = Calibration::NONE,
        EnergyMeter = EnergyMeter::new(),
        RateRegisters<3> = RateRegisters::new(),
        Reading = Reading::at(0),
        Register = Register::ZERO,
        Registers = Registers::ZERO,
        Step = Step::NONE,
        Meter<(Quality, Detectors, History)> =
            Meter::new((Quality::new(), Detectors::new(), History::new())),
    );
}
