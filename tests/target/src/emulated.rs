//! QEMU's `virt` machine: text for the host, the end of the program, instructions.

/// Instructions since the start; exact with `-icount shift=0`.
pub fn instructions() -> u32 {
    riscv::register::minstret::read() as u32
}

/// RISC-V semihosting: an `ebreak` between two marker instructions.
#[unsafe(naked)]
unsafe extern "C" fn semihosting(operation: usize, argument: usize) -> usize {
    core::arch::naked_asm!(
        ".balign 16",
        ".option push",
        ".option norvc",
        "slli x0, x0, 0x1f",
        "ebreak",
        "srai x0, x0, 7",
        "ret",
        ".option pop",
    )
}

/// Text for the host; the UART is the module's.
pub struct Host;

impl core::fmt::Write for Host {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for piece in text.as_bytes().chunks(63) {
            let mut ended = [0; 64];
            ended[..piece.len()].copy_from_slice(piece);
            // 0x04: write a zero-terminated text.
            unsafe { semihosting(0x04, ended.as_ptr() as usize) };
        }
        Ok(())
    }
}

/// Ends the emulator through its test device: 0 is success.
pub fn end(code: u32) -> ! {
    let value = if code == 0 {
        0x5555
    } else {
        code << 16 | 0x3333
    };
    loop {
        unsafe { (0x0010_0000 as *mut u32).write_volatile(value) };
    }
}
