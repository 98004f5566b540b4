//! Reading `{ "type": …, "args": { … } }`: the form of every configured network.
//! Written out, and not derived, so that an error names the path of the field at fault and an unknown type the nearest known one.

use crate::nearest;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;

/// A registry of configurations, read by the name of their type.
pub(crate) trait Tagged: Sized {
    /// What the registry holds, for messages: `"encoder"`.
    const WHAT: &'static str;
    /// The registered names.
    const NAMES: &'static [&'static str];
    /// Whether other names may be registered elsewhere.
    const OPEN: bool;

    /// Reads the arguments of type `name`, which is registered or the registry is open.
    fn read<'de, D: Deserializer<'de>>(name: &str, args: D) -> Result<Self, D::Error>;
}

/// Reads a tagged configuration. `args` may be absent where every argument has a default, and may come before `type`.
pub(crate) fn deserialize<'de, T: Tagged, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(TaggedVisitor(PhantomData))
}

/// Says in a schema that the alternatives exclude each other, which their tags make sure of.
pub(crate) fn exactly_one(schema: &mut schemars::Schema) {
    if let Some(alternatives) = schema.remove("anyOf") {
        schema.insert("oneOf".into(), alternatives);
    }
}

/// "one of A, B, C", with the nearest to `name` if it may be a typo.
pub(crate) fn known(name: &str, names: &[&str]) -> String {
    let all = names.join(", ");
    match nearest(name, names) {
        Some(candidate) => format!("one of {all} (did you mean {candidate}?)"),
        None => format!("one of {all}"),
    }
}

struct TaggedVisitor<T>(PhantomData<T>);

impl<'de, T: Tagged> Visitor<'de> for TaggedVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{ \"type\": a kind of {}, \"args\": {{ … }} }}", T::WHAT)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut name: Option<String> = None;
        let mut early: Option<Value> = None;
        let mut result: Option<T> = None;
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), &name) {
                ("type", Some(_)) => return Err(A::Error::duplicate_field("type")),
                ("type", None) => name = Some(map.next_value_seed(TypeSeed::<T>(PhantomData))?),
                ("args", _) if early.is_some() || result.is_some() => return Err(A::Error::duplicate_field("args")),
                ("args", None) => early = Some(map.next_value()?),
                ("args", Some(name)) => result = Some(map.next_value_seed(ArgsSeed::<T>(name, PhantomData))?),
                (other, _) => {
                    map.next_value::<IgnoredAny>()?;
                    return Err(A::Error::unknown_field(other, &["type", "args"]));
                }
            }
        }
        let name = name.ok_or_else(|| A::Error::missing_field("type"))?;
        match result {
            Some(result) => Ok(result),
            None => later(&name, early.unwrap_or_else(|| Value::Object(Default::default()))),
        }
    }
}

/// Arguments that came before their type, or not at all; the path that the reader would have tracked goes into the message.
fn later<T: Tagged, E: Error>(name: &str, args: Value) -> Result<T, E> {
    let mut track = serde_path_to_error::Track::new();
    T::read(name, serde_path_to_error::Deserializer::new(args, &mut track)).map_err(|e| {
        let path = track.path().to_string();
        E::custom(if path == "." { format!("args: {e}") } else { format!("args.{path}: {e}") })
    })
}

struct TypeSeed<T>(PhantomData<T>);

impl<'de, T: Tagged> DeserializeSeed<'de> for TypeSeed<T> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let name = <String as serde::Deserialize>::deserialize(deserializer)?;
        if T::OPEN || T::NAMES.contains(&name.as_str()) {
            return Ok(name);
        }
        Err(D::Error::custom(format!("unknown {} {name:?}, expected {}", T::WHAT, known(&name, T::NAMES))))
    }
}

struct ArgsSeed<'a, T>(&'a str, PhantomData<T>);

impl<'de, T: Tagged> DeserializeSeed<'de> for ArgsSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::read(self.0, deserializer)
    }
}

/// A registry of networks: modules, configurations, and the enum of them that users write as `{ type, args }`.
///
/// One line per network: `/// doc` `module::ConfigStruct as TypeName;`. `otherwise External(Config)` in the head opens the
/// registry to types registered elsewhere. Each configuration has `fn build(&self, &mut Declare) -> Result<Network, NnError>`.
macro_rules! registry {
    (
        $(#[$doc:meta])* $Enum:ident of $what:literal, built as $Built:ident $(, otherwise $(#[$open:meta])* $External:ident($ExternalConfig:ident))?;
        $($(#[$meta:meta])* $module:ident :: $Config:ident as $Name:ident;)*
    ) => {
        $(mod $module; pub use $module::*;)*

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::schemars::JsonSchema)]
        #[serde(tag = "type", content = "args", deny_unknown_fields)]
        #[schemars(transform = $crate::tagged::exactly_one)]
        #[allow(non_camel_case_types, reason = "variants are the names in configurations, of which some are GenerativeRL's")]
        pub enum $Enum {
            $($(#[$meta])* $Name($Config),)*
            $($(#[$open])* #[serde(untagged)] #[schemars(skip)] $External($ExternalConfig),)?
        }

        impl<'de> ::serde::Deserialize<'de> for $Enum {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                $crate::tagged::deserialize(deserializer)
            }
        }

        impl $crate::tagged::Tagged for $Enum {
            const WHAT: &'static str = $what;
            const NAMES: &'static [&'static str] = $Enum::NAMES;
            const OPEN: bool = $crate::tagged::registry!(@open $($External)?);

            fn read<'de, D: ::serde::Deserializer<'de>>(name: &str, args: D) -> ::std::result::Result<Self, D::Error> {
                match name {
                    $(stringify!($Name) => <$Config as ::serde::Deserialize>::deserialize(args).map($Enum::$Name),)*
                    $(_ if $Enum::OPENED => {
                        let args = ::serde::Deserialize::deserialize(args)?;
                        Ok($Enum::$External($ExternalConfig { name: name.to_string(), args }))
                    })?
                    _ => Err(::serde::de::Error::unknown_variant(name, Self::NAMES)),
                }
            }
        }

        impl $Enum {
            /// The registered types, as `type` names them.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($Name)),*];

            $(#[doc = concat!("Whether [`", stringify!($External), "`](Self::", stringify!($External), ") exists.")]
            const OPENED: bool = true;)?

            /// Declares the parameters and returns the network, if the type is registered here.
            fn build_registered(&self, declare: &mut $crate::Declare) -> Option<::std::result::Result<$Built, $crate::NnError>> {
                match self {
                    $($Enum::$Name(config) => Some(config.build(declare).map(|n| Box::new(n) as $Built).map_err(|e| e.under("args"))),)*
                    $($Enum::$External($ExternalConfig { .. }) => None,)?
                }
            }
        }
    };
    (@open) => { false };
    (@open $External:ident) => { true };
}

pub(crate) use registry;
