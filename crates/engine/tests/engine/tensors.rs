//! Tensors on the host: conversion, views, joining.

use thalweg_engine::Tensor;
use thalweg_graph::{DType, Literal, Type};

#[test]
fn values_go_in_and_come_out() {
    assert_eq!(Tensor::from_f32(vec![1.5, -2.0], &[2]).unwrap().to_f32_vec().unwrap(), [1.5, -2.0]);
    assert_eq!(Tensor::from_f32(vec![1.5, -2.0], &[2]).unwrap().to_f64_vec().unwrap(), [1.5, -2.0]);
    assert_eq!(Tensor::from_bf16(&[1.0, 3.0e38], &[2]).unwrap().to_f32_vec().unwrap()[0], 1.0);
    assert_eq!(Tensor::from_i64(vec![i64::MIN, i64::MAX], &[2]).unwrap().to_i64_vec().unwrap(), [i64::MIN, i64::MAX]);
    assert_eq!(Tensor::from_bool(vec![true, false], &[1, 2]).unwrap().to_bool_vec().unwrap(), [true, false]);
    assert_eq!(Tensor::from_f64(vec![], &[0, 4]).unwrap().to_f64_vec().unwrap(), [0.0; 0]);
    assert_eq!(Tensor::zeros(Type::new(DType::I64, [3])).unwrap().to_i64_vec().unwrap(), [0; 3]);
    assert_eq!(Tensor::from_f64(vec![4.25], &[]).unwrap().item().unwrap(), 4.25);
    assert_eq!(Tensor::from_bool(vec![true], &[1]).unwrap().item().unwrap(), 1.0);
}

#[test]
fn literals_become_tensors_of_every_type() {
    for dtype in [DType::F32, DType::F64, DType::BF16] {
        let dense = Literal::dense(&[1.0, 2.0, 3.0], Type::new(dtype, [3]));
        assert_eq!(Tensor::from_literal(&dense).unwrap().to_f64_vec().unwrap(), [1.0, 2.0, 3.0]);
        let splat = Tensor::from_literal(&Literal::splat(0.5, Type::new(dtype, [2, 2]))).unwrap();
        assert_eq!(splat.to_f64_vec().unwrap(), [0.5; 4]);
        assert_eq!(splat.bytes(), 4 * dtype.size());
    }
    assert_eq!(Tensor::from_literal(&Literal::splat_i64(i64::MAX, [2])).unwrap().to_i64_vec().unwrap(), [i64::MAX; 2]);
    assert_eq!(
        Tensor::from_literal(&Literal::dense(&[0.0, 1.0], Type::new(DType::Bool, [2]))).unwrap().to_bool_vec().unwrap(),
        [false, true]
    );
    assert_eq!(Tensor::from_literal(&Literal::splat(1.0, Type::new(DType::F32, [0, 3]))).unwrap().ty().count(), 0);
}

#[test]
fn views_and_joins_hold_the_right_values() {
    let x = Tensor::from_i64((0..12).collect(), &[3, 4]).unwrap();
    let part = x.narrow(1, 1, 2).unwrap();
    assert_eq!(part.ty(), &Type::new(DType::I64, [3, 2]));
    assert_eq!(part.to_i64_vec().unwrap(), [1, 2, 5, 6, 9, 10]);
    assert_eq!(part.reshape(&[2, 3]).unwrap().to_i64_vec().unwrap(), [1, 2, 5, 6, 9, 10]);
    assert_eq!(x.narrow(0, 3, 0).unwrap().ty().shape, [0, 4]);
    let both = Tensor::concat(&[part.clone(), x.narrow(1, 3, 1).unwrap(), part.narrow(1, 0, 0).unwrap()], 1).unwrap();
    assert_eq!(both.to_i64_vec().unwrap(), [1, 2, 3, 5, 6, 7, 9, 10, 11]);
    let rows = Tensor::concat(&[x.clone(), x.narrow(0, 0, 1).unwrap()], 0).unwrap();
    assert_eq!(rows.ty().shape, [4, 4]);
    assert_eq!(rows.to_i64_vec().unwrap()[12..], [0, 1, 2, 3]);
}
