//! One piece of a recording: a small builder, and what its inputs stand for.
//! A builder's calls take longer the more it holds; a piece is closed before that is noticed.

use std::cell::RefCell;
use std::collections::HashMap;

use thalweg_model::graph::{Builder, NodeId, Type, Var};

/// What an input of a piece stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The input of this number of the whole recording.
    Input(usize),
    /// The value of this number, made in an earlier piece.
    Value(usize),
    /// Result `index` of the derivatives of this number.
    Derivative {
        /// Which derivatives.
        number: usize,
        /// Which of their results.
        index: usize,
    },
}

/// A piece of a recording.
#[derive(Default)]
pub struct Segment {
    builder: Builder,
    links: RefCell<Vec<Link>>,
    imported: RefCell<HashMap<usize, NodeId>>,
}

impl Segment {
    /// Its builder.
    pub fn builder(&self) -> &Builder {
        &self.builder
    }

    /// Number of nodes that were recorded, without the inputs that stand for something else.
    pub fn recorded(&self) -> usize {
        self.builder.len() - self.links.borrow().len()
    }

    /// What the input of this position stands for.
    pub fn link(&self, index: usize) -> Option<Link> {
        self.links.borrow().get(index).copied()
    }

    /// A new input of type `ty` that stands for `link`.
    pub fn declare(&self, link: Link, ty: &Type) -> Var<'_> {
        let mut links = self.links.borrow_mut();
        let var = self.builder.input(&format!("#{}", links.len()), ty.dtype, &ty.shape);
        links.push(link);
        var
    }

    /// The value of this number, made in an earlier piece.
    pub fn import(&self, number: usize, ty: &Type) -> Var<'_> {
        let known = self.imported.borrow().get(&number).copied();
        if let Some(id) = known {
            return self.builder.var(id);
        }
        let var = self.declare(Link::Value(number), ty);
        self.imported.borrow_mut().insert(number, var.id());
        var
    }
}
