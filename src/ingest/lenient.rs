//! JSON read for what is used of it: fields that take any value, and objects without the parts that nobody looks at.
//!
//! What is left out is stepped over, never built: signatures, images and the program's own notes are most of many files.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// What a field makes of a JSON value; its default stands for null and for every value it has no use for.
trait Lenient: Default {
    fn of_text(_: &str) -> Self {
        Self::of_other()
    }
    fn of_flag(_: bool) -> Self {
        Self::of_other()
    }
    /// Numbers, arrays and objects.
    fn of_other() -> Self {
        Self::default()
    }
}

/// A string as written; none where the field is anything else.
#[derive(Debug, Clone, Default)]
pub(super) struct Text(Option<Box<str>>);

/// Whether the field is `true`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flag(pub bool);

/// Whether the field is there and not null.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Present(pub bool);

impl Text {
    /// The string.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Whether the field is a string, however empty.
    pub fn is_string(&self) -> bool {
        self.0.is_some()
    }
}

impl Lenient for Text {
    fn of_text(text: &str) -> Self {
        Self(Some(text.into()))
    }
}

impl Lenient for Flag {
    fn of_flag(flag: bool) -> Self {
        Self(flag)
    }
}

impl Lenient for Present {
    fn of_other() -> Self {
        Self(true)
    }
}

struct AnyValue<T>(PhantomData<T>);

impl<'de, T: Lenient> Visitor<'de> for AnyValue<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_bool<E>(self, flag: bool) -> Result<T, E> {
        Ok(T::of_flag(flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(T::of_other())
    }

    fn visit_u64<E>(self, _: u64) -> Result<T, E> {
        Ok(T::of_other())
    }

    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(T::of_other())
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::of_text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        IgnoredAny.visit_seq(items)?;
        Ok(T::of_other())
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        IgnoredAny.visit_map(fields)?;
        Ok(T::of_other())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue(PhantomData))
    }
}

/// Which parts of a JSON value are kept.
pub(super) trait Parts: Copy {
    /// The parts that are kept of the field `key` of an object; none where the field is left out.
    fn field(self, key: &str) -> Option<Self>;
    /// The parts that are kept of each item of an array.
    fn item(self) -> Self;
    /// Whether all of the value is kept.
    fn is_all(self) -> bool;
}

/// Reads a value of which only `parts` are kept; what is neither object nor array is kept as it is.
pub(super) fn read_parts<'de, D: Deserializer<'de>>(parts: impl Parts, from: D) -> Result<Value, D::Error> {
    Kept(parts).deserialize(from)
}

/// Fields of a typical object that is kept; room for them is made at once.
const USUAL_FIELDS: usize = 4;

struct Kept<P>(P);

impl<'de, P: Parts> DeserializeSeed<'de> for Kept<P> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        if self.0.is_all() { Value::deserialize(from) } else { from.deserialize_any(self) }
    }
}

impl<'de, P: Parts> Visitor<'de> for Kept<P> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(item) = items.next_element_seed(Kept(self.0.item()))? {
            kept.push(item);
        }
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut kept = Map::with_capacity(USUAL_FIELDS);
        while let Some(field) = fields.next_key_seed(Key(self.0))? {
            match field {
                Some((key, parts)) => {
                    kept.insert(key, fields.next_value_seed(Kept(parts))?);
                }
                None => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(kept))
    }
}

/// The name of a field with what is kept of it; none where it is left out.
struct Key<P>(P);

impl<'de, P: Parts> DeserializeSeed<'de> for Key<P> {
    type Value = Option<(String, P)>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<P: Parts> Visitor<'_> for Key<P> {
    type Value = Option<(String, P)>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a field name")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.field(key).map(|parts| (key.to_owned(), parts)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Everything but fields named `drop`, at any depth.
    #[derive(Clone, Copy)]
    struct WithoutDrop;

    impl Parts for WithoutDrop {
        fn field(self, key: &str) -> Option<Self> {
            (key != "drop").then_some(self)
        }
        fn item(self) -> Self {
            self
        }
        fn is_all(self) -> bool {
            false
        }
    }

    #[test]
    fn what_is_kept_is_kept_as_written() {
        let text = r#"{"b":[1,-2,2.5,null,true,"x\n",{"drop":{"a":["]"]},"a":{}}],"drop":"\ud83d\ude00","a":"\u00e9"}"#;
        let kept = read_parts(WithoutDrop, &mut serde_json::Deserializer::from_str(text)).unwrap();
        assert_eq!(kept.to_string(), r#"{"b":[1,-2,2.5,null,true,"x\n",{"a":{}}],"a":"é"}"#);
    }

    #[test]
    fn damage_in_what_is_left_out_is_damage() {
        for text in [r#"{"drop":{"a":}}"#, r#"{"drop":"half"#, "{\"drop\":\"\u{1}\"}"] {
            assert!(read_parts(WithoutDrop, &mut serde_json::Deserializer::from_str(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn fields_take_any_value() {
        for value in
            [json!(null), json!(true), json!(-1), json!(1), json!(0.5), json!("a"), json!(["a"]), json!({"a": 1})]
        {
            let text: Text = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(text.as_str(), value.as_str());
            let flag: Flag = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(flag.0, value == true);
            let present: Present = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(present.0, !value.is_null());
        }
    }
}
