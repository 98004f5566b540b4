//! With CUDA, functions of its libraries are those of the shim (scripts/cuda/shim.mjs), so that what is linked with the engine needs none
//! of them to load.

fn main() {
    println!("cargo:rerun-if-env-changed=THALWEG_CUDA_SHIM");
    println!("cargo:rerun-if-env-changed=CUDA_HOME");
    if std::env::var_os("CARGO_FEATURE_CUDA").is_none() {
        return;
    }
    let (Ok(shim), Ok(home)) = (std::env::var("THALWEG_CUDA_SHIM"), std::env::var("CUDA_HOME")) else {
        println!("cargo::error=the feature cuda needs THALWEG_CUDA_SHIM and CUDA_HOME. Remedy: npm run build:cuda, which sets them.");
        return;
    };
    println!("cargo:rustc-link-search=native={shim}");
    println!("cargo:rustc-link-search=native={home}/lib");
    println!("cargo:rustc-link-lib=static:+whole-archive,-bundle=cudashim");
    println!("cargo:rustc-link-lib=static:+whole-archive,-bundle=cudart_static");
}
