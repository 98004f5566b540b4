//! Several kernels as one: the first blocks are those of the first, the next ones those of the second.

use super::{Kernel, Lines, Parameter};

/// The kernel of kernels that do not need each other, and nothing but their parameters.
pub(crate) fn together(kernels: &[Kernel]) -> Kernel {
    let mut out = Lines::default();
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut blocks = 0;
    for (k, kernel) in kernels.iter().enumerate() {
        let first = blocks;
        blocks += kernel.blocks;
        out.line(if k == 0 { format!("if (block < {blocks}u) {{") } else { format!("else if (block < {blocks}u) {{") });
        // Names of its own, by way of others: a parameter of that number may be another kernel's.
        (0..kernel.parameters.len()).for_each(|p| out.line(format!("const auto q{p} = p{};", parameters.len() + p)));
        out.line(format!("const u32 own = block - {first}u;"));
        out.line("{");
        (0..kernel.parameters.len()).for_each(|p| out.line(format!("const auto p{p} = q{p};")));
        out.line("const u32 block = own;");
        out.line(&kernel.body);
        out.line("}");
        out.line("}");
        parameters.extend(kernel.parameters.iter().cloned());
    }
    Kernel {
        label: kernels.iter().map(|kernel| kernel.label.as_str()).collect::<Vec<_>>().join(" + "),
        body: out.text(),
        parameters,
        blocks,
        scratch: 0,
        counters: 0,
        bytes: kernels.iter().map(|kernel| kernel.bytes).sum(),
    }
}
