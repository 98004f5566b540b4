//! The one door between JavaScript and Rust: every export's body runs inside [`guard`].
//! A panic must become an `InternalError`, because unwinding into Node would end the process.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::error::{ErrorCode, ThalwegError};

thread_local! {
    /// How many guarded bodies are on this thread's stack.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// `file:line` of the last panic inside a guarded body of this thread.
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs the body of the export `name`; its error or panic becomes a napi error with a JSON reason.
///
/// With the feature `test-hooks` the call is counted and its thread CPU time recorded.
///
/// # Errors
/// The body's own error, or `InternalError` where the body panicked.
pub fn guard<T>(name: &'static str, body: impl FnOnce() -> Result<T, ThalwegError>) -> napi::Result<T> {
    #[cfg(feature = "test-hooks")]
    let _call = crate::counters::Call::start(name);
    catch(name, body).map_err(napi::Error::from)
}

/// Runs a part of the export `name` that happens on the main thread after the call, such as settling its promise.
///
/// With the feature `test-hooks` its thread CPU time is recorded; it is not a call.
pub fn timed<T>(name: &'static str, body: impl FnOnce() -> T) -> T {
    #[cfg(feature = "test-hooks")]
    let _clock = crate::counters::Clock::start(name);
    #[cfg(not(feature = "test-hooks"))]
    let _ = name;
    body()
}

/// Runs `body` and turns a panic into an `InternalError`; also for bodies on worker threads.
///
/// # Errors
/// The body's own error, or `InternalError` where the body panicked.
pub fn catch<T>(name: &'static str, body: impl FnOnce() -> Result<T, ThalwegError>) -> Result<T, ThalwegError> {
    install_hook();
    DEPTH.set(DEPTH.get() + 1);
    // A state left half-changed by a panic is the owner's to reject: locks poison, stores are
    // written only after a job succeeded. So the closure may be treated as unwind safe.
    let outcome = panic::catch_unwind(AssertUnwindSafe(body));
    DEPTH.set(DEPTH.get() - 1);
    outcome.unwrap_or_else(|payload| Err(internal_error(name, payload)))
}

fn internal_error(name: &str, payload: Box<dyn Any + Send>) -> ThalwegError {
    let said = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    // Dropping a foreign payload may itself panic, outside of `catch_unwind`; it is leaked instead.
    std::mem::forget(payload);
    let place = match PANICKED_AT.take() {
        Some(line) => format!("{name} ({line})"),
        None => name.to_owned(),
    };
    let message = format!("a defect in thalweg, please report it: {said}");
    ThalwegError::new(ErrorCode::InternalError, message).with_place(place)
}

/// Keeps the place of a guarded panic for its error instead of printing it; others print as before.
fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if DEPTH.get() == 0 {
                previous(info);
                return;
            }
            let line = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
            PANICKED_AT.set(line);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason_of(outcome: napi::Result<()>) -> serde_json::Value {
        let error = outcome.expect_err("the body failed");
        serde_json::from_str(&error.reason).expect("reason is JSON")
    }

    #[test]
    fn a_panic_becomes_an_internal_error_with_its_place() {
        let json = reason_of(guard("probe", || panic!("broken {}", 7)));
        assert_eq!(json["code"], "InternalError");
        assert!(json["message"].as_str().unwrap().contains("broken 7"), "{json}");
        let place = json["where"].as_str().unwrap();
        assert!(place.starts_with("probe (") && place.contains("guard.rs:"), "{place}");
    }

    #[test]
    fn an_error_of_the_body_keeps_its_code() {
        let json = reason_of(guard("probe", || Err(ThalwegError::new(ErrorCode::DataError, "no rows"))));
        assert_eq!(json["code"], "DataError");
        assert_eq!(json["message"], "no rows");
    }

    #[test]
    fn a_value_passes_through() {
        assert_eq!(guard("probe", || Ok(3)).unwrap(), 3);
    }

    #[test]
    fn a_panic_on_a_worker_thread_is_caught_there() {
        let outcome = std::thread::spawn(|| catch::<()>("worker", || panic!("far away"))).join().expect("the thread returns");
        assert_eq!(outcome.unwrap_err().code, ErrorCode::InternalError);
    }
}
