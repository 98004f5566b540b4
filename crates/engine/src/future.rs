//! A value that is set once, later, by another thread: what stands behind a handle to a tensor that is still being computed.

use crate::{EngineError, Result};
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

type Callback<T> = Box<dyn FnOnce(&Result<T>) + Send>;

enum State<T> {
    Pending(Vec<Callback<T>>),
    Ready(Result<T>),
}

struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the two ends of a slot.
///
/// ```
/// let (setter, getter) = thalweg_engine::Future::new();
/// assert!(getter.try_get().is_none());
/// setter.set(Ok(7));
/// assert_eq!(getter.wait().unwrap(), 7);
/// ```
pub struct Future<T>(PhantomData<T>);

impl<T: Clone> Future<T> {
    /// The end that sets the value and the end that reads it.
    #[allow(clippy::new_ret_no_self, reason = "a future is nothing but its two ends")]
    pub fn new() -> (Setter<T>, Getter<T>) {
        let shared = Arc::new(Shared { state: Mutex::new(State::Pending(Vec::new())), changed: Condvar::new() });
        (Setter { shared: Some(shared.clone()) }, Getter { shared })
    }

    /// A reading end whose value is there already.
    pub fn ready(value: Result<T>) -> Getter<T> {
        Getter { shared: Arc::new(Shared { state: Mutex::new(State::Ready(value)), changed: Condvar::new() }) }
    }
}

/// The end that sets the value, once. Dropped without, it sets an `AbortError`.
pub struct Setter<T: Clone> {
    shared: Option<Arc<Shared<T>>>,
}

impl<T: Clone> Setter<T> {
    /// Sets the value and calls those who asked to be told, in order, on this thread.
    pub fn set(mut self, value: Result<T>) {
        self.fulfil(value);
    }

    fn fulfil(&mut self, value: Result<T>) {
        let Some(shared) = self.shared.take() else { return };
        let before = std::mem::replace(&mut *shared.lock(), State::Ready(value.clone()));
        shared.changed.notify_all();
        if let State::Pending(callbacks) = before {
            callbacks.into_iter().for_each(|callback| callback(&value));
        }
    }
}

impl<T: Clone> Drop for Setter<T> {
    fn drop(&mut self) {
        self.fulfil(Err(EngineError::abort("the work was dropped before it was done")));
    }
}

/// The end that reads the value; clones read the same one.
pub struct Getter<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Clone for Getter<T> {
    fn clone(&self) -> Getter<T> {
        Getter { shared: self.shared.clone() }
    }
}

impl<T: Clone> Getter<T> {
    /// The value, if it is there.
    pub fn try_get(&self) -> Option<Result<T>> {
        match &*self.shared.lock() {
            State::Ready(value) => Some(value.clone()),
            State::Pending(_) => None,
        }
    }

    /// Whether the value is there.
    pub fn is_ready(&self) -> bool {
        matches!(&*self.shared.lock(), State::Ready(_))
    }

    /// Blocks until the value is there.
    ///
    /// # Errors
    /// What the setter set; `AbortError` if it was dropped.
    pub fn wait(&self) -> Result<T> {
        let mut state = self.shared.lock();
        loop {
            if let State::Ready(value) = &*state {
                return value.clone();
            }
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Calls `callback` once the value is there: at once on this thread if it is, else on the thread that sets it.
    pub fn on_ready(&self, callback: impl FnOnce(&Result<T>) + Send + 'static) {
        let mut state = self.shared.lock();
        match &mut *state {
            State::Pending(callbacks) => callbacks.push(Box::new(callback)),
            State::Ready(value) => {
                let value = value.clone();
                drop(state);
                callback(&value);
            }
        }
    }
}
