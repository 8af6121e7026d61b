//! The table itself.
//!
//! The properties of an entry start from [`Properties::UNKNOWN`], directly or through one of the
//! constants below, and list what the operation promises.

use super::{
    Control, Copies, Entry, FastPath, Gives, Headers, Intrinsic, Layer, Memory, Param, ParamKind,
    Properties, Returns, WithoutStack,
};

/// An ordinary operation that may fail. It neither switches nor copies a stack, and its operands
/// stay valid.
const MAY_FAIL: Properties = Properties {
    control: Control::MayFail,
    captures: false,
    copies: Copies::Never,
    releases: false,
    ..Properties::UNKNOWN
};

/// A question about a context, which fails only if there is no such context.
const ASKS: Properties =
    Properties { control: Control::FailsIfDead, headers: Headers::Reads, ..MAY_FAIL };

/// An operation that switches.
const SWITCHES: Properties = Properties { control: Control::Unknown, ..MAY_FAIL };

/// An operation that always returns and runs no code of the program.
const QUIET: Properties = Properties { control: Control::Returns, ..MAY_FAIL };

/// Shorthand for the table.
const fn param(name: &'static str, kind: ParamKind) -> Param {
    Param { name, kind }
}

const CTX: Param = param("ctx", ParamKind::Context);
const TO: Param = param("to", ParamKind::Context);
const BASE: Param = param("base", ParamKind::OptionalBase);
const LINK: Param = param("link", ParamKind::Link);
const ARG: Param = param("arg", ParamKind::Argument);
const VALUE: Param = param("value", ParamKind::Value);

/// Every intrinsic.
pub const TABLE: &[Intrinsic] = &[
    Intrinsic {
        name: "context.size",
        layer: Layer::Posix,
        overloaded: false,
        params: &[],
        returns: Returns::Size,
        properties: Properties {
            memory: Memory::None,
            headers: Headers::Untouched,
            works_anywhere: true,
            ..QUIET
        },
        doc: "Bytes of one context object.",
    },
    Intrinsic {
        name: "getcontext",
        layer: Layer::Posix,
        overloaded: false,
        params: &[param("ctx", ParamKind::Capture), BASE],
        returns: Returns::Int,
        properties: Properties { captures: true, copies: Copies::IfBased, ..MAY_FAIL },
        doc: "Captures the running context; with a base, its slice goes to the heap.",
    },
    Intrinsic {
        name: "setcontext",
        layer: Layer::Posix,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Int,
        properties: Properties { control: Control::Jumps, ..MAY_FAIL },
        doc: "Resumes `ctx`; returns only on error.",
    },
    Intrinsic {
        name: "makecontext",
        layer: Layer::Posix,
        overloaded: false,
        params: &[
            CTX,
            param("stack", ParamKind::Stack),
            param("size", ParamKind::StackSize),
            LINK,
            param("fn", ParamKind::Function(Entry::Posix)),
            ARG,
        ],
        returns: Returns::Int,
        properties: MAY_FAIL,
        doc: "Makes `ctx` run `fn(arg)` on `stack`, or sliced from its base where `stack` is null.",
    },
    Intrinsic {
        name: "swapcontext",
        layer: Layer::Posix,
        overloaded: false,
        params: &[param("from", ParamKind::Capture), TO, BASE],
        returns: Returns::Int,
        properties: Properties {
            captures: true,
            copies: Copies::IfBased,
            fast_path: Some(FastPath::SwapContext),
            ..SWITCHES
        },
        doc: "Captures into `from` as `getcontext` does, then resumes `to`.",
    },
    Intrinsic {
        name: "freecontext",
        layer: Layer::Posix,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Void,
        properties: Properties { releases: true, ..MAY_FAIL },
        doc: "Gives back the heap block of a context that will not be resumed again.",
    },
    Intrinsic {
        name: "stacktop",
        layer: Layer::Posix,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Pointer,
        properties: Properties { headers: Headers::Reads, ..MAY_FAIL },
        doc: "The stack position at which a suspended context of either layer was captured.",
    },
    Intrinsic {
        name: "base.here",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[],
        returns: Returns::Pointer,
        properties: MAY_FAIL,
        doc: "A base at the current stack position.",
    },
    Intrinsic {
        name: "base.create",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[param("reserve", ParamKind::Size)],
        returns: Returns::Pointer,
        properties: MAY_FAIL,
        doc: "A base on a region of its own; `reserve` is address space, not memory.",
    },
    Intrinsic {
        name: "base.destroy",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[param("base", ParamKind::Base)],
        returns: Returns::Void,
        properties: MAY_FAIL,
        doc: "Gives a base back; its contexts must be destroyed first.",
    },
    Intrinsic {
        name: "spawn",
        layer: Layer::Coroutine,
        overloaded: true,
        params: &[BASE, param("fn", ParamKind::Function(Entry::Body)), ARG],
        returns: Returns::Pointer,
        properties: Properties { gives: Gives::NewContext, ..MAY_FAIL },
        doc: "A new suspended context that will run `T fn(ptr arg, T first)`.",
    },
    Intrinsic {
        name: "swap",
        layer: Layer::Coroutine,
        overloaded: true,
        params: &[TO, VALUE],
        returns: Returns::Value,
        properties: Properties {
            control: Control::Swaps,
            gives_value_to_itself: true,
            fast_path: Some(FastPath::Swap),
            ..SWITCHES
        },
        doc: "Suspends the caller and resumes `to` with `value`; returns what comes back.",
    },
    Intrinsic {
        name: "resume",
        layer: Layer::Coroutine,
        overloaded: true,
        params: &[CTX, VALUE],
        returns: Returns::Value,
        properties: Properties {
            control: Control::Resumes,
            without_stack: WithoutStack::Enters,
            fast_path: Some(FastPath::Resume),
            ..SWITCHES
        },
        doc: "Sets the link of `ctx` to the caller, then swaps.",
    },
    Intrinsic {
        name: "suspend",
        layer: Layer::Coroutine,
        overloaded: true,
        params: &[VALUE],
        returns: Returns::Value,
        properties: Properties {
            control: Control::Suspends,
            fast_path: Some(FastPath::Suspend),
            ..SWITCHES
        },
        doc: "Swaps to the caller's link.",
    },
    Intrinsic {
        name: "swap.ontop",
        layer: Layer::Coroutine,
        overloaded: true,
        params: &[TO, param("fn", ParamKind::Function(Entry::OnTop)), VALUE],
        returns: Returns::Value,
        properties: Properties { control: Control::Swaps, ..SWITCHES },
        doc: "Resumes `to` by running `T fn(T value)` on top of its stack first.",
    },
    Intrinsic {
        name: "current",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[],
        returns: Returns::Pointer,
        properties: Properties {
            memory: Memory::ReadsRuntime,
            headers: Headers::Untouched,
            gives: Gives::RunningContext,
            ..QUIET
        },
        doc: "The running context's handle.",
    },
    Intrinsic {
        name: "depth",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[],
        returns: Returns::Int,
        properties: Properties { memory: Memory::ReadsRuntime, headers: Headers::Reads, ..QUIET },
        doc: "The number of links from the running context to the end of the chain.",
    },
    Intrinsic {
        name: "link",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Pointer,
        properties: Properties { gives: Gives::Link, ..ASKS },
        doc: "The context that is resumed when the function of `ctx` returns.",
    },
    Intrinsic {
        name: "setlink",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX, LINK],
        returns: Returns::Void,
        properties: Properties {
            control: Control::FailsIfDead,
            headers: Headers::SetsLink,
            ..MAY_FAIL
        },
        doc: "Sets the link of `ctx`.",
    },
    Intrinsic {
        name: "status",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Int,
        properties: Properties {
            gives: Gives::Status,
            without_stack: WithoutStack::Status,
            ..ASKS
        },
        doc: "0 new, 1 suspended, 2 running, 3 finished.",
    },
    Intrinsic {
        name: "clone",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Pointer,
        properties: Properties { copies: Copies::May, gives: Gives::Copy, ..MAY_FAIL },
        doc: "A second context that resumes from the same point as the suspended `ctx`.",
    },
    Intrinsic {
        name: "cancel",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Void,
        properties: Properties {
            control: Control::Cancels,
            without_stack: WithoutStack::Ends,
            ..SWITCHES
        },
        doc: "Unwinds a suspended context so that its cleanups run, then finishes it.",
    },
    Intrinsic {
        name: "destroy",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Void,
        properties: Properties {
            headers: Headers::Reads,
            releases: true,
            without_stack: WithoutStack::Zero,
            ..MAY_FAIL
        },
        doc: "Frees a context that is not running; no cleanups run.",
    },
    Intrinsic {
        name: "slice.size",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Size,
        properties: Properties {
            gives: Gives::SliceSize,
            without_stack: WithoutStack::Zero,
            ..ASKS
        },
        doc: "Bytes that `ctx` now holds on the heap.",
    },
    Intrinsic {
        name: "prefetch",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[param("ctx", ParamKind::OptionalContext)],
        returns: Returns::Void,
        properties: Properties {
            memory: Memory::Hint,
            headers: Headers::Untouched,
            works_anywhere: true,
            without_stack: WithoutStack::Zero,
            ..QUIET
        },
        doc: "A hint to bring a context's header and slice into cache.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_operation_promises_nothing() {
        let unknown = Properties::UNKNOWN;
        assert!(unknown.runs_other_code() && unknown.may_suspend_caller());
        assert!(unknown.may_enter_operand() && !unknown.enters_operand());
        assert!(!unknown.may_move() && !unknown.leaves_operand_as_it_is());
        assert_eq!((unknown.memory(), unknown.headers()), (Memory::Any, Headers::Any));
        assert_eq!((unknown.gives, unknown.copies), (Gives::Unknown, Copies::May));
        assert_eq!(unknown.without_stack, WithoutStack::Refused);
    }

    /// A promise about memory or headers counts only where no other code can run.
    #[test]
    fn other_code_may_do_anything() {
        let fails = Properties {
            control: Control::MayFail,
            captures: false,
            memory: Memory::None,
            headers: Headers::Untouched,
            ..Properties::UNKNOWN
        };
        assert_eq!((fails.memory(), fails.headers()), (Memory::Any, Headers::Any));
        let quiet = Properties { control: Control::Returns, ..fails };
        assert_eq!((quiet.memory(), quiet.headers()), (Memory::None, Headers::Untouched));
    }

    /// The passes find these operands by their kinds.
    #[test]
    fn operands_are_where_the_properties_need_them() {
        for i in TABLE {
            let properties = &i.properties;
            let has = |kind| i.position(kind).is_some();
            if i.makes_context() {
                assert!(has(ParamKind::OptionalBase) && has(ParamKind::Argument), "{}", i.name);
                assert_eq!(i.entry(), Some(Entry::Body), "{}", i.name);
            }
            if properties.enters_operand() || properties.without_stack != WithoutStack::Refused {
                assert!(i.works_on_context(), "{}", i.name);
            }
            if matches!(properties.control, Control::Resumes | Control::Suspends) {
                assert!(has(ParamKind::Value) && i.returns == Returns::Value, "{}", i.name);
            }
            if properties.headers == Headers::SetsLink {
                assert!(i.works_on_context() && has(ParamKind::Link), "{}", i.name);
            }
            if properties.copies == Copies::IfBased {
                assert!(has(ParamKind::OptionalBase), "{}", i.name);
            }
        }
    }
}
