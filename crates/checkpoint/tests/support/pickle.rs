//! A pickle writer for tests: the opcodes that `torch.save` uses, put down one by one.

/// A string.
pub fn text(value: &str) -> Vec<u8> {
    let mut out = vec![b'X'];
    out.extend((value.len() as u32).to_le_bytes());
    out.extend(value.as_bytes());
    out
}

/// An integer, in the shortest of the forms that Python writes.
pub fn int(value: i64) -> Vec<u8> {
    match value {
        0..=255 => vec![b'K', value as u8],
        256..=65535 => [&[b'M'][..], &(value as u16).to_le_bytes()].concat(),
        _ => match i32::try_from(value) {
            Ok(small) => [&[b'J'][..], &small.to_le_bytes()].concat(),
            Err(_) => [&[0x8a, 8][..], &value.to_le_bytes()].concat(),
        },
    }
}

/// A name.
pub fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

/// A tuple.
pub fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
    [b"(".to_vec(), items.concat(), b"t".to_vec()].concat()
}

/// A list.
pub fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [b"](".to_vec(), items.concat(), b"e".to_vec()].concat()
}

/// A dict with string keys.
pub fn dict(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let entries: Vec<Vec<u8>> = entries.iter().map(|(key, value)| [text(key), value.clone()].concat()).collect();
    [b"}(".to_vec(), entries.concat(), b"u".to_vec()].concat()
}

/// A call of a name.
pub fn call(module: &str, name: &str, args: &[Vec<u8>]) -> Vec<u8> {
    [global(module, name), tuple(args), b"R".to_vec()].concat()
}

/// A reference to a storage.
pub fn storage(kind: &str, key: &str, elements: i64) -> Vec<u8> {
    let parts = [text("storage"), global("torch", kind), text(key), text("cpu"), int(elements)];
    [tuple(&parts), b"Q".to_vec()].concat()
}

/// A tensor that is a view of a storage.
pub fn tensor(storage: Vec<u8>, offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
    let ints = |values: &[i64]| tuple(&values.iter().map(|&v| int(v)).collect::<Vec<_>>());
    let hooks = call("collections", "OrderedDict", &[]);
    let args = [storage, int(offset), ints(shape), ints(strides), vec![0x89], hooks];
    call("torch._utils", "_rebuild_tensor_v2", &args)
}

/// A whole pickle of protocol 2.
pub fn pickle(body: &[u8]) -> Vec<u8> {
    [&[0x80, 2][..], body, b"."].concat()
}
