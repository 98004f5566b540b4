//! Rows that come while a fit is under way: one chunk waits while another is trained on.
//! Who gives is told when its chunk was taken, and so never holds more than there is room for.

use crate::groups::{Cuts, Groups};
use crate::run::Run;
use crate::task::resolve;
use crate::{ModelError, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thalweg_engine::{Getter, Tensor};

type Taken = Box<dyn FnOnce(bool) + Send>;

/// Rows on their way to a fit.
pub struct Fed {
    tensors: Vec<Getter<Tensor>>,
    cuts: Cuts,
    epoch: u64,
    taken: Option<Taken>,
}

impl Fed {
    /// Rows of the pass `epoch` over the data, as groups of tensors that may still be computed. `taken` hears whether a fit took them.
    pub fn new(tensors: Vec<Getter<Tensor>>, cuts: Cuts, epoch: u64, taken: impl FnOnce(bool) + Send + 'static) -> Fed {
        Fed { tensors, cuts, epoch, taken: Some(Box::new(taken)) }
    }

    fn is_ready(&self) -> bool {
        self.tensors.iter().all(Getter::is_ready)
    }
}

impl Drop for Fed {
    fn drop(&mut self) {
        if let Some(taken) = self.taken.take() {
            taken(false);
        }
    }
}

#[derive(Default)]
struct State {
    next: Option<Fed>,
    /// Whether no more will come.
    complete: bool,
    /// Whether the fit has ended, so that nothing is wanted any more.
    closed: bool,
}

/// The side of a fit's data that gives.
#[derive(Clone)]
pub struct Feed {
    state: Arc<Mutex<State>>,
    run: Run,
}

impl Feed {
    /// The two sides of the data of this run.
    pub fn new(run: &Run) -> (Feed, Intake) {
        let feed = Feed { state: Arc::default(), run: run.clone() };
        (feed.clone(), Intake(feed))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over the next rows; a run that has ended drops them.
    ///
    /// # Errors
    /// `InternalError` while others wait.
    pub fn give(&self, fed: Fed) -> Result<()> {
        for getter in &fed.tensors {
            let run = self.run.clone();
            getter.on_ready(move |_| run.wake());
        }
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return Ok(());
        }
        if state.next.is_some() {
            return Err(ModelError::new("InternalError", "rows were given while others waited"));
        }
        state.next = Some(fed);
        drop(state);
        self.run.wake();
        Ok(())
    }

    /// Says that no more rows will come: the fit ends with those that it has.
    pub fn complete(&self) {
        self.lock().complete = true;
        self.run.wake();
    }
}

/// The side of a fit's data that takes. Dropped, it lets go of what waits.
pub struct Intake(Feed);

impl Intake {
    /// Whether [`Intake::next`] has an answer.
    pub(super) fn is_ready(&self) -> bool {
        let state = self.0.lock();
        state.next.as_ref().map_or(state.complete, Fed::is_ready)
    }

    /// The next rows and the pass over the data that they are of; none where no more will come.
    ///
    /// # Errors
    /// The error of the job that should have made a tensor.
    pub(super) fn next(&self) -> Result<Option<(Groups<Tensor>, u64)>> {
        let Some(mut fed) = self.0.lock().next.take() else { return Ok(None) };
        let groups = fed.cuts.apply(resolve(&fed.tensors)?)?;
        if let Some(taken) = fed.taken.take() {
            taken(true);
        }
        Ok(Some((groups, fed.epoch)))
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closed = true;
        let left = state.next.take();
        drop(state);
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};
    use thalweg_engine::Future;

    /// Rows of one tensor, and what hears whether they were taken.
    fn fed(epoch: u64) -> (Fed, Receiver<bool>) {
        let (tell, heard) = channel();
        let tensor = Future::ready(Tensor::from_f32(vec![1.0, 2.0], &[2, 1]));
        let cuts = crate::config::parse(r#"[["x", 1]]"#).unwrap();
        (Fed::new(vec![tensor], cuts, epoch, move |taken| tell.send(taken).unwrap()), heard)
    }

    #[test]
    fn rows_are_taken_once_and_in_order_until_no_more_come() {
        let (feed, intake) = Feed::new(&Run::new());
        assert!(!intake.is_ready());
        let (first, heard) = fed(3);
        feed.give(first).unwrap();
        assert!(intake.is_ready());
        assert!(feed.give(fed(4).0).is_err());
        let (groups, epoch) = intake.next().unwrap().unwrap();
        assert_eq!((groups.get("x").len(), epoch), (1, 3));
        assert!(heard.recv().unwrap());
        assert!(!intake.is_ready());
        feed.complete();
        assert!(intake.is_ready());
        assert!(intake.next().unwrap().is_none());
    }

    #[test]
    fn a_fit_that_ends_lets_go_of_what_waits_and_of_what_comes_later() {
        let (feed, intake) = Feed::new(&Run::new());
        let ((first, waiting), (second, late)) = (fed(0), fed(0));
        feed.give(first).unwrap();
        drop(intake);
        assert!(!waiting.recv().unwrap());
        feed.give(second).unwrap();
        assert!(!late.recv().unwrap());
    }
}
