//! Declarations of parameters: what a network needs, before any number exists.
//! A network is handed a [`Declare`] at its place in the tree of names and keeps the [`Param`] handles that it gets back.

use crate::{Init, NnError};
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

/// A declared parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// Full dotted name, unique in its model: `"backbone.first_block.dense1.0.weight"`.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Initial distribution.
    pub init: Init,
    /// Whether an optimiser changes it.
    pub trainable: bool,
    /// Whether weight decay applies: not to biases, norms and Fourier features.
    pub decay: bool,
}

/// A handle to a declared parameter: its place in the list that [`Declare::finish`] returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Param(pub(crate) usize);

impl Param {
    /// Place in the list of declarations.
    pub fn index(self) -> usize {
        self.0
    }
}

/// Largest number of elements of a model's parameters; sums of sizes below it never overflow.
const MAX_ELEMENTS: usize = 1 << 48;

#[derive(Default)]
struct List {
    specs: Vec<ParamSpec>,
    names: HashSet<String>,
    elements: usize,
    error: Option<NnError>,
}

/// A place in a model's tree of parameter names, where parameters can be declared.
///
/// ```
/// use thalweg_nn::{Declare, Init};
/// let declare = Declare::new();
/// let layer = declare.at("layers.0");
/// let weight = layer.param("weight", &[3, 2], Init::fan_in(2));
/// let specs = declare.finish().unwrap();
/// assert_eq!(specs[weight.index()].name, "layers.0.weight");
/// ```
#[derive(Default)]
pub struct Declare {
    prefix: String,
    list: Rc<RefCell<List>>,
}

impl Declare {
    /// The root of a new model.
    pub fn new() -> Declare {
        Declare::default()
    }

    /// The place `name` (one or more dotted segments) below this one; declarations go to the same list.
    pub fn at(&self, name: &str) -> Declare {
        Declare { prefix: self.full(name), list: self.list.clone() }
    }

    /// The full name of this place; empty at the root.
    pub fn name(&self) -> &str {
        &self.prefix
    }

    fn full(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_string() } else { format!("{}.{name}", self.prefix) }
    }

    /// A trained parameter that weight decay applies to.
    pub fn param(&self, name: &str, shape: &[usize], init: Init) -> Param {
        self.external(name, shape, init, true, true)
    }

    /// A trained parameter without weight decay: a bias, a norm's scale, an activation's slope.
    pub fn undecayed(&self, name: &str, shape: &[usize], init: Init) -> Param {
        self.external(name, shape, init, true, false)
    }

    /// A parameter that is stored but not trained: Fourier features, a fixed scale.
    pub fn frozen(&self, name: &str, shape: &[usize], init: Init) -> Param {
        self.external(name, shape, init, false, false)
    }

    /// A parameter whose properties come from elsewhere, such as a module declared in TypeScript.
    ///
    /// Mistakes (a name declared twice or empty, an impossible distribution, too many elements) are reported by
    /// [`Declare::finish`], so that building reads as a description.
    pub fn external(&self, name: &str, shape: &[usize], init: Init, trainable: bool, decay: bool) -> Param {
        let full = self.full(name);
        let mut list = self.list.borrow_mut();
        let fault = list.admit(&full, name, shape, &init);
        list.error = list.error.take().or(fault);
        list.specs.push(ParamSpec { name: full, shape: shape.to_vec(), init, trainable, decay });
        Param(list.specs.len() - 1)
    }

    /// All declarations made at or below the root, in order.
    ///
    /// # Errors
    /// The first mistake in them; `field` is the full name of the parameter at fault.
    pub fn finish(self) -> Result<Vec<ParamSpec>, NnError> {
        let mut list = self.list.borrow_mut();
        match list.error.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut list.specs)),
        }
    }
}

impl List {
    /// What is wrong with declaring this parameter, if anything.
    fn admit(&mut self, full: &str, name: &str, shape: &[usize], init: &Init) -> Option<NnError> {
        if name.is_empty() || name.split('.').any(str::is_empty) {
            return Some(NnError::new(full, "a parameter name of non-empty dotted segments", format!("{name:?}")));
        }
        if !self.names.insert(full.to_string()) {
            return Some(NnError::new(full, "each parameter name once", "a second parameter of this name"));
        }
        if let Err(error) = init.validate().and_then(|()| init.fits(shape)) {
            return Some(error.under("init").under(full));
        }
        self.elements = self.elements.saturating_add(thalweg_graph::count(shape));
        (self.elements > MAX_ELEMENTS)
            .then(|| NnError::new(full, format!("at most {MAX_ELEMENTS} parameters in all"), format!("{shape:?}")))
    }
}
