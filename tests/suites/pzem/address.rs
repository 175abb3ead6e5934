//! Which numbers are addresses.

use pzem::{Address, InvalidAddress};

#[test]
fn broadcast_general_and_reserved_numbers_are_no_addresses() {
    for value in 0..=255_u8 {
        let is_unit = (0x01..=0xF7).contains(&value);
        assert_eq!(Address::new(value).is_some(), is_unit, "{value}");
        assert_eq!(Address::try_from(value).is_ok(), is_unit, "{value}");
    }
    assert_eq!(Address::try_from(0xF8), Err(InvalidAddress(0xF8)));
    assert!(InvalidAddress(0xF8).to_string().contains("general"));
    assert!(InvalidAddress(0).to_string().contains("broadcast"));
}

#[test]
fn all_addresses_once_in_order() {
    let all: Vec<u8> = Address::all().map(Address::get).collect();
    assert_eq!(all, (1..=247).collect::<Vec<u8>>());
    assert_eq!(Address::all().len(), 247);
}
