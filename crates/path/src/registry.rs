//! An enum of everything that a config's `type` can name, one line each. What its members do is the trait's of each registry.

/// The modules, and an enum of their types as users write it: `{ type, …its parameters }`.
///
/// One line per member: `/// doc` `module::Struct = "name",`.
macro_rules! tagged {
    ($(#[$meta:meta])* $Enum:ident; $($(#[$doc:meta])* $module:ident :: $name:ident = $tag:literal),* $(,)?) => {
        $(mod $module;)*
        $(pub use $module::$name;)*

        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        #[serde(tag = "type")]
        pub enum $Enum {
            $($(#[$doc])* #[serde(rename = $tag)] $name($name),)*
        }

        impl $Enum {
            /// All names, as a config's `type` spells them.
            pub const NAMES: &'static [&'static str] = &[$($tag),*];

            /// Its name, as a config's `type` spells it.
            pub fn name(&self) -> &'static str {
                match self { $($Enum::$name(_) => $tag,)* }
            }
        }

        $(impl From<$name> for $Enum {
            fn from(member: $name) -> $Enum {
                $Enum::$name(member)
            }
        })*
    };
}

pub(crate) use tagged;
