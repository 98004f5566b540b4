//! Emits the linker flags of a Node addon, because they differ from one platform to the next.

fn main() {
    napi_build::setup();
}
