//! Expressions: what is kept of a traced graph, round trips through JSON, and everything that is refused.

use crate::support::{Single, assert_close};
use serde_json::{Value, json};
use thalweg_graph::ops::Comparison;
use thalweg_graph::ops::unary::Unary;
use thalweg_graph::{Builder, DType, Graph, Literal, Scalar, Type, Var};
use thalweg_path::{Expression, Function, MAX_STEPS, Operator, Relation, Step, differentiate};

/// A function written once for host, dual numbers and graph, that uses every operation which all of them have.
fn everything<S: Scalar>(t: S) -> S {
    let smooth = (t * 1.3).sin() * t.cos() - (t + 0.2).tan().atan() + (t * 0.5).exp() / (t.ln_1p() + 2.0) + (-t).exp_m1();
    let more = (t + 0.1).ln() + (t + 3.0).sqrt() * t.recip() + t.tanh() - t.sigmoid() * t.erf() + (t - 0.5).abs();
    let power = t.pow(t.constant(1.7)).maximum(smooth).minimum(more + 1.0);
    t.choose(Comparison::Lt, t.constant(0.6), power + more, smooth - power)
}

fn points() -> impl Iterator<Item = f64> {
    (1..40).map(|i| 0.05 * f64::from(i))
}

#[test]
fn an_expression_computes_what_was_traced_on_host_and_graph_and_in_single_precision() {
    let expression = Expression::trace(|t| everything(t)).unwrap();
    let b = Builder::new();
    for t in points() {
        assert_eq!(expression.evaluate(t), everything(t), "host at {t}");
        let constant = b.full(t, DType::F64, &[2, 1]);
        let folded = expression.evaluate(constant).as_literal().expect("a constant");
        assert_eq!(folded.ty, Type::new(DType::F64, [2, 1]));
        assert_close(folded.at(1).as_f64(), everything(t), 1e-14, "graph");
        assert_eq!(expression.evaluate(Single(t as f32)), everything(Single(t as f32)), "single at {t}");
        let slope = differentiate(|t| expression.evaluate(t), t).derivative;
        assert_close(slope, differentiate(everything, t).derivative, 1e-13, "derivative");
    }
}

#[test]
fn an_expression_survives_json_and_being_traced_again() {
    let expression = Expression::trace(|t| everything(t)).unwrap();
    let json = serde_json::to_string(&expression).unwrap();
    assert_eq!(serde_json::from_str::<Expression>(&json).unwrap(), expression);
    let b = Builder::new();
    let t = b.input("t", DType::F64, &[]);
    let again = Expression::from_graph(&b.finish(&[expression.evaluate(t)]).unwrap()).unwrap();
    for t in points() {
        assert_eq!(again.evaluate(t), expression.evaluate(t));
    }
}

#[test]
fn every_function_operator_and_relation_is_read_by_its_name() {
    for (i, &function) in Function::ALL.iter().enumerate() {
        let name = serde_json::to_value(function).unwrap();
        let op = Unary::ALL.iter().find(|op| json!(op.name()) == name).unwrap_or_else(|| panic!("{name} is no op of the graph"));
        let json = json!({ "steps": [{ "op": "time" }, { "op": "unary", "function": name, "x": 0 }] });
        let expression: Expression = serde_json::from_value(json).unwrap();
        let t = 0.1 + 0.05 * i as f64;
        assert_close(expression.evaluate(t), op.eval(t), 1e-15, &format!("{name}"));
    }
    assert_eq!(Function::ALL.len() + 1, Unary::ALL.len(), "all but floor");
    let expected = [5.0, 1.0, 6.0, 1.5, 9.0, 3.0, 2.0];
    for (&function, expected) in Operator::ALL.iter().zip(expected) {
        let steps = vec![Step::Time {}, Step::Constant { value: 2.0 }, Step::Binary { function, x: 0, y: 1 }];
        assert_eq!(Expression::new(steps).unwrap().evaluate(3.0), expected, "{function:?}");
    }
    let holds =
        [[false, true, false], [true, false, true], [true, false, false], [true, true, false], [false, false, true], [false, true, true]];
    for (&relation, expected) in Relation::ALL.iter().zip(holds) {
        let two = Step::Constant { value: 2.0 };
        let steps = vec![Step::Time {}, two, Step::Choose { relation, x: 0, y: 1, then: 0, otherwise: 1 }];
        let expression = Expression::new(steps).unwrap();
        let chosen = [1.0, 2.0, 3.0].map(|t: f64| if t == 2.0 { expected[1] } else { expression.evaluate(t) == t });
        assert_eq!(chosen, expected, "{relation:?}");
    }
}

fn graph(ty: DType, shape: &[usize], f: impl for<'g> Fn(Var<'g>) -> Var<'g>) -> Graph {
    let b = Builder::new();
    let t = b.input("t", ty, shape);
    b.finish(&[f(t)]).unwrap()
}

#[test]
fn reshapes_broadcasts_casts_and_stopped_gradients_are_passed_through() {
    for shape in [&[][..], &[1], &[6]] {
        let n = shape.iter().product::<usize>();
        let passed = graph(DType::F32, shape, |t| {
            let column = t.cast(DType::F64).reshape(&[n, 1]).stop_gradient();
            (column * column).cast(DType::F32).reshape(shape) + t
        });
        assert_eq!(Expression::from_graph(&passed).unwrap(), Expression::trace(|t| t * t + t).unwrap());
    }
    let constant = graph(DType::F64, &[3], |t| t.builder().full(2.5, DType::F64, &[]));
    assert_eq!(Expression::from_graph(&constant).unwrap().as_constant(), Some(2.5));
    assert_eq!(Expression::trace(|t| t).unwrap().as_constant(), None);
}

#[test]
fn truth_values_become_choices() {
    let band = Expression::trace(|t| {
        let inside = t.gt(t.constant(0.2)).and(!t.ge(t.constant(0.6)));
        inside.select(t.constant(3.0), t) + t.eq(t.constant(0.7)).cast(DType::F64) + t.recip().is_finite().select(t.constant(10.0), t)
    });
    let band = band.unwrap();
    for (t, expected) in [(0.0, 0.0), (0.1, 10.1), (0.2, 10.2), (0.4, 13.0), (0.6, 10.6), (0.7, 11.7)] {
        assert_close(band.evaluate(t), expected, 1e-15, &format!("at {t}"));
    }
}

#[test]
fn whatever_is_not_elementwise_arithmetic_is_refused_by_name() {
    let refused = |shape: &[usize], f: &dyn Fn(Var<'_>) -> Graph| {
        let b = Builder::new();
        Expression::from_graph(&f(b.input("t", DType::F64, shape))).expect_err("must be refused")
    };
    fn finish(v: Var<'_>) -> Graph {
        v.builder().finish(&[v]).unwrap()
    }
    assert_eq!(refused(&[3], &|t| finish(t.flip(0))).op, "flip");
    assert_eq!(refused(&[3], &|t| finish(t.cum_sum(0, false))).op, "cum_sum");
    assert_eq!(refused(&[], &|t| finish(t.unary(Unary::Floor))).op, "floor");
    assert_eq!(refused(&[3], &|t| finish(t.softmax(0))).op, "softmax");
    assert_eq!(refused(&[], &|t| finish(t.cast(DType::I64).cast(DType::F64))).op, "cast");
    assert_eq!(refused(&[2], &|t| finish(t + t.builder().literal(Literal::dense(&[1.0, 2.0], t.ty())))).op, "constant");
    assert_eq!(refused(&[], &|t| finish(t + t.constant(f64::INFINITY))).op, "constant");
    let outer = refused(&[3], &|t| finish((t.reshape(&[3, 1]) * t).sum(&[1])));
    assert_eq!(outer.op, "broadcast", "{outer}");
    let seed = |b: &'static Builder| b.input("seed", DType::I64, &[]);
    let two: &'static Builder = Box::leak(Box::default());
    let t = two.input("t", DType::F64, &[]);
    let _ = seed(two);
    assert!(Expression::from_graph(&two.finish(&[t]).unwrap()).unwrap_err().to_string().contains("one input and one output"));
    assert_eq!(refused(&[2, 2], &|t| finish(t)).message, "wrong input");
    assert_eq!(refused(&[2], &|t| finish(t.gt(t.constant(0.0)))).message, "wrong output");
    assert_eq!(Expression::trace(|t| t.reshape(&[2])).unwrap_err().op, "reshape");
}

fn read(json: Value) -> Result<Expression, String> {
    serde_json::from_value(json).map_err(|e| e.to_string())
}

#[test]
fn malformed_lists_are_refused_when_read() {
    let refused = |steps: Value| read(json!({ "steps": steps })).unwrap_err();
    assert!(refused(json!([])).contains("from 1 to 1024 operations, got 0"));
    assert!(refused(json!([{ "op": "unary", "function": "exp", "x": 0 }])).contains("operands of step 0 among the steps before it, got 0"));
    assert!(refused(json!([{ "op": "time" }, { "op": "binary", "function": "add", "x": 0, "y": 7 }])).contains("got 7"));
    let choose = json!({ "op": "choose", "relation": "lt", "x": 0, "y": 0, "then": 0, "otherwise": 1 });
    assert!(refused(json!([{ "op": "time" }, choose])).contains("got 1"));
    assert!(refused(json!([{ "op": "sine" }])).contains("sine"));
    assert!(refused(json!([{ "op": "time", "x": 1 }])).contains('x'));
    assert!(refused(json!([{ "op": "unary", "function": "gamma", "x": 0 }])).contains("gamma"));
    assert!(refused(json!([{ "op": "unary", "function": "exp", "x": -1 }])).contains("-1"));
    assert!(read(json!({ "steps": [{ "op": "time" }], "name": "f" })).unwrap_err().contains("name"));
    assert!(Expression::constant(f64::NAN).unwrap_err().expected.contains("finite constant"));
    let infinite = r#"{ "steps": [{ "op": "constant", "value": 1e999 }] }"#;
    assert!(serde_json::from_str::<Expression>(infinite).is_err());
}

/// The reader stops at the limit: what comes after it is not even parsed.
#[test]
fn a_list_beyond_the_limit_is_refused_before_it_is_read_to_its_end() {
    let step = r#"{ "op": "time" },"#;
    let longest = format!("{{ \"steps\": [{}] }}", step.repeat(MAX_STEPS).trim_end_matches(','));
    assert_eq!(serde_json::from_str::<Expression>(&longest).unwrap().steps().len(), MAX_STEPS);
    let endless = format!("{{ \"steps\": [{} nonsense", step.repeat(MAX_STEPS + 1));
    let error = serde_json::from_str::<Expression>(&endless).unwrap_err().to_string();
    assert!(error.contains("at most 1024 operations"), "{error}");
    let grow = |t: Var<'_>| -> Graph {
        let mut sum = t;
        for i in 0..MAX_STEPS {
            sum = sum * t + i as f64;
        }
        t.builder().finish(&[sum]).unwrap()
    };
    let b = Builder::new();
    let error = Expression::from_graph(&grow(b.input("t", DType::F64, &[]))).unwrap_err();
    assert!(error.expected.contains("1024"), "{error}");
}
