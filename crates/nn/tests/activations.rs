//! Activations on the host: values, derivatives at the branches, and names.
//! f64 throughout; the same formulas serve graph values.

use thalweg_graph::{Builder, DType, Type, Var, grad};
use thalweg_nn::{Activation, Context, Declare, Layer, Mode, activations::Activate};

fn at(activation: Activation, x: f64) -> f64 {
    activation.eval(x, 1.0)
}

/// The n-th derivative at `x`, folded to a number by the graph itself.
fn derivative(activation: Activation, x: f64, order: usize) -> f64 {
    let b = Builder::new();
    let x = b.full(x, DType::F64, &[]);
    let input = b.input("x", DType::F64, &[]);
    let mut y = activation.apply(input);
    for _ in 0..order {
        y = grad(y, &[input])[0];
    }
    let graph = b.finish(&[y]).unwrap();
    b.inline(&graph, &[x])[0].as_literal().expect("a constant").at(0).as_f64()
}

#[test]
fn values_are_the_papers() {
    // The definitions, evaluated with 30 digits, at x = −1.5 and 0.7.
    let expected = [
        (Activation::Mish, [-0.298_099_742_166_806_76, 0.561_148_377_643_852]),
        (Activation::Tanh, [-0.905_148_253_644_866_4, 0.604_367_777_117_163_5]),
        (Activation::Relu, [0.0, 0.7]),
        (Activation::Softplus, [0.201_413_277_982_752_4, 1.103_186_048_885_458]),
        (Activation::Elu, [-0.776_869_839_851_570_2, 0.7]),
        (Activation::Selu, [-1.365_814_353_367_252_7, 0.735_490_691_148_836_3]),
        (Activation::Silu, [-0.273_638_285_709_534_5, 0.467_731_440_517_716_3]),
        (Activation::Swish, [-0.273_638_285_709_534_5, 0.467_731_440_517_716_3]),
        (Activation::Gelu, [-0.100_210_801_903_287_1, 0.530_625_443_443_848_9]),
        (Activation::GeluTanh, [-0.100_428_423_019_767_08, 0.530_570_134_705_116_8]),
        (Activation::Square, [2.25, 0.49]),
        (Activation::Identity, [-1.5, 0.7]),
    ];
    assert_eq!(expected.len(), Activation::ALL.len());
    for (activation, values) in expected {
        for (x, want) in [-1.5, 0.7].into_iter().zip(values) {
            let got = at(activation, x);
            assert!((got - want).abs() <= 1e-14, "{}({x}) = {got}, want {want}", activation.name());
        }
    }
}

#[test]
fn derivatives_match_finite_differences_away_from_kinks() {
    let h = 1e-5;
    for &activation in Activation::ALL {
        for x in [-30.0, -2.3, -0.4, 0.4, 1.9, 39.0, 45.0] {
            let numeric = (at(activation, x + h) - at(activation, x - h)) / (2.0 * h);
            let exact = derivative(activation, x, 1);
            assert!((exact - numeric).abs() <= 1e-6 * numeric.abs().max(1.0), "{}'({x}) = {exact}, numeric {numeric}", activation.name());
        }
    }
}

#[test]
fn derivatives_at_zero_are_pytorchs() {
    let expected = [
        (Activation::Relu, 0.0),
        (Activation::Elu, 1.0),
        (Activation::Selu, 1.673_263_242_354_377_3 * 1.050_700_987_355_480_5),
        (Activation::Softplus, 0.5),
        (Activation::Mish, 0.6),
        (Activation::Silu, 0.5),
        (Activation::Gelu, 0.5),
        (Activation::GeluTanh, 0.5),
    ];
    for (activation, slope) in expected {
        let got = derivative(activation, 0.0, 1);
        assert!((got - slope).abs() < 1e-15, "{}'(0) = {got}", activation.name());
    }
}

#[test]
fn softplus_is_smooth_at_zero() {
    assert!((derivative(Activation::Softplus, 0.0, 2) - 0.25).abs() < 1e-15);
    assert!(derivative(Activation::Softplus, 0.0, 3).abs() < 1e-15);
}

#[test]
fn extreme_arguments_stay_finite_and_nan_stays_nan() {
    for &activation in Activation::ALL {
        assert!(at(activation, f64::NAN).is_nan(), "{} hides NaN", activation.name());
        for x in [-1e4, -800.0, 0.0, 800.0, 1e4] {
            assert!(at(activation, x).is_finite(), "{}({x})", activation.name());
            assert!(derivative(activation, x, 1).is_finite(), "{}'({x})", activation.name());
        }
    }
}

#[test]
fn configs_and_tensor_methods_name_activations() {
    for &activation in Activation::ALL {
        let text = serde_json::to_string(&activation).unwrap();
        assert_eq!(text, format!("{:?}", activation.name()));
        assert_eq!(serde_json::from_str::<Activation>(&text).unwrap(), activation);
        assert_eq!(Activation::of_method(activation.method()), (!activation.is_learned()).then_some(activation));
    }
    assert_eq!(Activation::of_method("geluTanh"), Some(Activation::GeluTanh));
    assert_eq!(Activation::of_method("gelu_tanh"), None);
    let error = serde_json::from_str::<Activation>("\"rellu\"").unwrap_err().to_string();
    assert!(error.contains("rellu") && error.contains("relu"), "{error}");
}

#[test]
fn each_use_of_swish_has_a_slope_of_its_own() {
    let declare = Declare::new();
    let uses = [Activate::new(declare.at("a"), Activation::Swish), Activate::new(declare.at("b"), Activation::Swish)];
    let plain = Activate::new(declare.at("c"), Activation::Silu);
    let specs = declare.finish().unwrap();
    assert_eq!(specs.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["a.beta", "b.beta"]);
    assert!(specs.iter().all(|s| s.trainable && !s.decay && s.shape.is_empty()));

    let b = Builder::new();
    let x = b.full(2.0, DType::F64, &[]);
    let params: Vec<Var> = [0.5, 3.0].iter().map(|&v| b.literal(thalweg_graph::Literal::splat(v, Type::scalar(DType::F64)))).collect();
    let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
    let value = |layer: &Activate| layer.forward(&ctx, x).as_literal().unwrap().at(0).as_f64();
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    assert!((value(&uses[0]) - 2.0 * sigmoid(1.0)).abs() < 1e-15);
    assert!((value(&uses[1]) - 2.0 * sigmoid(6.0)).abs() < 1e-15);
    assert!((value(&plain) - 2.0 * sigmoid(2.0)).abs() < 1e-15);
}
