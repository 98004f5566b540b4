//! The program cache: bounded, least recently used out first, counted.

use std::sync::Arc;
use thalweg_engine::{CompileOptions, EngineError, Program, ProgramCache, Result, Tensor};
use thalweg_graph::{Builder, DType, Graph};

fn sum(n: usize) -> Result<(Graph, CompileOptions)> {
    let b = Builder::new();
    let x = b.input("x", DType::F32, &[n]);
    Ok((b.finish(&[x.sum_all()])?, CompileOptions::default()))
}

fn get(cache: &ProgramCache<usize>, n: usize) -> Arc<Program> {
    cache.get_or_compile(n, || sum(n)).unwrap()
}

#[test]
fn a_cache_never_holds_more_than_its_bound_and_drops_the_least_recently_used() {
    let cache = ProgramCache::new(3);
    for n in [1, 2, 3] {
        get(&cache, n);
    }
    get(&cache, 1);
    get(&cache, 4);
    assert_eq!(cache.len(), 3);
    assert_eq!((cache.counts().hits, cache.counts().compiles, cache.counts().evictions), (1, 4, 1));
    // 2 went, 1 stayed.
    get(&cache, 1);
    assert_eq!(cache.counts().hits, 2);
    get(&cache, 2);
    assert_eq!(cache.counts().compiles, 5);
    for n in 0..1000 {
        get(&cache, n);
        assert!(cache.len() <= 3);
    }
}

#[test]
fn a_hit_is_the_same_program_and_a_dropped_one_still_runs() {
    let cache = ProgramCache::new(1);
    let first = get(&cache, 2);
    assert!(Arc::ptr_eq(&first, &get(&cache, 2)));
    get(&cache, 3);
    assert!(!Arc::ptr_eq(&first, &get(&cache, 2)));
    let out = first.run(vec![Tensor::from_f32(vec![1.0, 2.0], &[2]).unwrap()]).unwrap();
    assert_eq!(out[0].item().unwrap(), 3.0);
    cache.clear();
    assert!(cache.is_empty());
}

#[test]
fn a_failure_is_not_kept() {
    let cache: ProgramCache<String> = ProgramCache::new(4);
    let failed = cache.get_or_compile("a".into(), || Err(EngineError::trace("no")));
    assert_eq!(failed.unwrap_err().code, "TraceError");
    assert!(cache.is_empty());
    assert!(cache.get_or_compile("a".into(), || sum(1)).is_ok());
}

#[test]
fn many_threads_share_a_cache() {
    let cache = ProgramCache::new(8);
    std::thread::scope(|scope| {
        for t in 0..4 {
            let cache = &cache;
            scope.spawn(move || {
                for i in 0..200 {
                    let n = 1 + (i * 7 + t) % 12;
                    let out = get(cache, n).run(vec![Tensor::from_f32(vec![1.0; n], &[n]).unwrap()]).unwrap();
                    assert_eq!(out[0].item().unwrap(), n as f64);
                }
            });
        }
    });
    assert!(cache.len() <= 8);
    assert_eq!(cache.counts().hits + cache.counts().compiles, 800);
}
