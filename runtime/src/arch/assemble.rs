//! The operands that the assembly of every CPU can use by name.

/// Puts files of assembly, between those that all ELF targets share, into the calling module. Paths
/// are relative to the calling module's file. The functions are those that the assembly calls, by
/// the names that it has for them.
macro_rules! assemble {
    ([$($file:literal)*] $($functions:tt)*) => {
        core::arch::global_asm!(
            include_str!("arch/elf.s"),
            $(include_str!($file),)*
            include_str!("arch/elf_end.s"),
            current = const stackswitch_abi::layout::words::CURRENT,
            ready = const stackswitch_abi::layout::words::READY,
            parked = const stackswitch_abi::layout::words::PARKED,
            switches = const stackswitch_abi::layout::words::SWITCHES,
            side_top = const stackswitch_abi::layout::words::SIDE_TOP,
            exceptions = const stackswitch_abi::layout::words::EXCEPTIONS,
            exchange_base = const stackswitch_abi::layout::words::EXCHANGE_BASE,
            exchanged = const stackswitch_abi::layout::words::EXCHANGED,
            vectors = const stackswitch_abi::layout::words::VECTORS,
            plain = const stackswitch_abi::layout::words::PLAIN,
            cleanups = const stackswitch_abi::layout::words::CLEANUPS,
            until_trim = const stackswitch_abi::layout::words::UNTIL_TRIM,
            words_bytes = const stackswitch_abi::layout::words::BYTES,
            sp = const stackswitch_abi::layout::header::SP,
            tag = const stackswitch_abi::layout::header::TAG,
            saved = const stackswitch_abi::layout::header::SAVED,
            slice = const stackswitch_abi::layout::header::SLICE,
            above = const stackswitch_abi::layout::header::ABOVE,
            link = const stackswitch_abi::layout::header::LINK,
            base = const stackswitch_abi::layout::header::BASE,
            counterpart = const stackswitch_abi::layout::header::COUNTERPART,
            top = const stackswitch_abi::layout::base::TOP,
            region = const stackswitch_abi::layout::base::REGION,
            bottom = const stackswitch_abi::layout::region::BOTTOM,
            object_tag = const stackswitch_abi::layout::object::TAG,
            position = const stackswitch_abi::layout::object::POSITION,
            in_ucontext = const stackswitch_abi::cpu::ucontext::OBJECT,
            ontop_mark = const stackswitch_abi::layout::ONTOP_MARK,
            finished_after_ready = const stackswitch_abi::layout::FINISHED_AFTER_READY,
            flags = const stackswitch_abi::layout::header::FLAGS,
            blocks_flag = const stackswitch_abi::layout::BLOCKS_FLAG,
            ready_after_new = const stackswitch_abi::layout::READY_AFTER_NEW,
            kind_swap = const $crate::arch::Kind::Swap as u32,
            kind_resume = const $crate::arch::Kind::Resume as u32,
            kind_suspend = const $crate::arch::Kind::Suspend as u32,
            kind_ontop = const $crate::arch::Kind::Ontop as u32,
            checked = const $crate::arch::CHECKED as u32,
            raw = const $crate::arch::RAW as i32,
            with_mask = const $crate::arch::WITH_MASK as i32,
            exchanges_at_most = const $crate::arch::EXCHANGES_AT_MOST,
            exchanges_bit = const $crate::arch::EXCHANGES_BIT,
            large = const $crate::arch::LARGE_SLICE,
            aligned = const $crate::arch::ALIGNED_FROM,
            invalid = const stackswitch_abi::Code::Invalid as i32,
            memory = const stackswitch_abi::Code::Memory as i32,
            $($functions)*
        );
    };
}
pub(crate) use assemble;
