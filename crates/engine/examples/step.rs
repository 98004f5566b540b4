use std::time::Instant;
use thalweg_engine::*;
use thalweg_graph::ops::Distribution;
use thalweg_graph::*;
fn main() {
    let batch: usize = std::env::args().nth(1).map_or(512, |s| s.parse().unwrap());
    let sizes = [2usize, 512, 256, 128, 2];
    let b = Builder::new();
    let mut params = vec![];
    let mut names = vec![];
    for i in 0..4 {
        names.push((format!("w{i}"), vec![sizes[i + 1], sizes[i]]));
        names.push((format!("b{i}"), vec![sizes[i + 1]]));
    }
    // residual-ish extra: 2 extra 512x512 blocks to get to ~1.4M params
    for i in 0..4 {
        names.push((format!("r{i}"), vec![512, 512]));
    }
    for (n, s) in &names {
        params.push(b.input(n, DType::F32, s));
    }
    let m: Vec<Var> = names.iter().map(|(n, s)| b.input(&format!("m.{n}"), DType::F32, s)).collect();
    let v: Vec<Var> = names.iter().map(|(n, s)| b.input(&format!("v.{n}"), DType::F32, s)).collect();
    let e: Vec<Var> = names.iter().map(|(n, s)| b.input(&format!("e.{n}"), DType::F32, s)).collect();
    let step = b.input("step", DType::I64, &[]);
    let data = b.input("data", DType::F32, &[batch, 2]);
    let seed = step.constant(3.0);
    let noise = b.random(Distribution::Normal, 1, Type::new(DType::F32, [batch, 2]), seed, step);
    let x = data + noise;
    let mut h = x.matmul(params[0].t()) + params[1];
    h = h.silu();
    for r in 0..4 {
        let k = h.matmul(params[8 + r].t());
        h = h + k.silu();
    }
    for i in 1..4 {
        h = h.matmul(params[2 * i].t()) + params[2 * i + 1];
        if i < 3 {
            h = h.silu();
        }
    }
    let d = h - noise;
    let loss = (d * d).mean_all();
    let g = grad(loss, &params);
    let mut norm = g.iter().map(|g| (*g * *g).sum_all()).reduce(|a, b| a + b).unwrap().sqrt();
    let ok = loss.is_finite().and(norm.is_finite());
    norm = norm.maximum(norm.constant(1.0)).recip();
    let mut outs = vec![loss, step + step.constant(1.0)];
    let mut us = vec![];
    let mut ms = vec![];
    let mut vs = vec![];
    let mut es = vec![];
    for i in 0..params.len() {
        let g = g[i] * norm;
        let nm = m[i] * 0.9 + g * 0.1;
        let nv = v[i] * 0.999 + g * g * 0.001;
        let np = params[i] * (1.0 - 1e-5) - nm / (nv.sqrt() + 1e-8) * 1e-3;
        let ne = e[i] * 0.999 + np * 0.001;
        us.push(ok.select(np, params[i]));
        ms.push(ok.select(nm, m[i]));
        vs.push(ok.select(nv, v[i]));
        es.push(ok.select(ne, e[i]));
    }
    outs.extend(us);
    outs.extend(ms);
    outs.extend(vs);
    outs.extend(es);
    let graph = b.finish(&outs).unwrap();
    let n = names.len();
    println!("{} nodes", graph.nodes.len());
    let count: usize = names.iter().map(|(_, s)| s.iter().product::<usize>()).sum();
    println!("{count} params");
    let p = Program::compile(&graph, &CompileOptions { donated: (0..4 * n + 1).collect(), ..Default::default() }).unwrap();
    let fwd = {
        let gg = Graph { outputs: vec![graph.outputs[0]], ..graph.clone() };
        Program::compile(&gg, &CompileOptions::default()).unwrap()
    };
    let nogr = {
        let b2 = simplify(&Graph {
            outputs: graph.outputs[..1].iter().copied().chain(g.iter().filter_map(|_| None)).collect(),
            ..graph.clone()
        })
        .unwrap();
        b2.nodes.len()
    };
    println!("forward nodes {nogr} peak {} MB", p.peak_bytes() >> 20);
    let mut state: Vec<Tensor> = vec![];
    for k in 0..4 {
        for (_, s) in &names {
            let mut v = vec![0f32; s.iter().product()];
            if k == 0 || k == 3 {
                random::normal_f32(1, state.len() as u64, 0, 0, &mut v);
                let f = 0.5 / (s[s.len() - 1] as f32).sqrt();
                v.iter_mut().for_each(|x| *x *= f);
            }
            state.push(Tensor::from_f32(v, s).unwrap());
        }
    }
    state.push(Tensor::from_i64(vec![0], &[]).unwrap());
    let mut dv = vec![0f32; batch * 2];
    random::normal_f32(5, 5, 0, 0, &mut dv);
    let data = Tensor::from_f32(dv, &[batch, 2]).unwrap();
    for round in 0..6 {
        let steps = 30;
        let t = Instant::now();
        let mut loss = 0.0;
        let mut best = f64::MAX;
        for _ in 0..steps {
            let t1 = Instant::now();
            let mut inputs = std::mem::take(&mut state);
            inputs.push(data.clone());
            let mut out = p.run(inputs).unwrap();
            let rest = out.split_off(2);
            loss = out[0].item().unwrap();
            state = rest;
            state.push(out.pop().unwrap());
            best = best.min(t1.elapsed().as_secs_f64());
        }
        let per = t.elapsed().as_secs_f64() / steps as f64 * 1e3;
        let t = Instant::now();
        for _ in 0..steps {
            let mut inputs = state.clone();
            inputs.push(data.clone());
            fwd.run(inputs).unwrap();
        }
        println!(
            "round {round}: {per:.2} ms/step (best {:.2}), forward {:.2}, loss {loss:.4}",
            best * 1e3,
            t.elapsed().as_secs_f64() / steps as f64 * 1e3
        );
    }
}
