//! JSON read for what is used of it: fields that take any value, and objects of which only some fields are looked at.
//!
//! What is left out is stepped over, never built: signatures, images and the program's own notes are most of many files.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What a field makes of a JSON value; its default stands for null and for every value it has no use for.
trait Lenient: Default {
    fn of_text(_: &str) -> Self {
        Self::of_other()
    }
    fn of_flag(_: bool) -> Self {
        Self::of_other()
    }
    fn of_count(_: u64) -> Self {
        Self::of_other()
    }
    /// Other numbers, arrays and objects.
    fn of_other() -> Self {
        Self::default()
    }
}

/// A string as written; none where the field is anything else.
#[derive(Debug, Clone, Default)]
pub(super) struct Text(Option<Box<str>>);

/// A whole number from 0 on; 0 where the field is anything else.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count(pub u64);

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

    /// Takes the string out; an empty one where there is none.
    pub fn take(&mut self) -> String {
        self.0.take().map(String::from).unwrap_or_default()
    }

    /// Whether the field is a string, however empty.
    pub fn is_string(&self) -> bool {
        self.0.is_some()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Some(text.into()))
    }
}

impl Lenient for Text {
    fn of_text(text: &str) -> Self {
        text.into()
    }
}

impl Lenient for Count {
    fn of_count(count: u64) -> Self {
        Self(count)
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

    fn visit_u64<E>(self, count: u64) -> Result<T, E> {
        Ok(T::of_count(count))
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

impl<'de> Deserialize<'de> for Count {
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

/// An object of which only some fields are read, each as its type has it. A value that is no object reads as the default;
/// of fields of one name the last counts, and one odd field discards nothing but itself.
pub(super) trait Object: Default {
    /// Names of the fields that are read.
    const FIELDS: &'static [&'static str];

    /// Reads the value of the field `name`, one of [`Self::FIELDS`], with `next_value` of `from`.
    fn read<'de, A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error>;

    /// An object without fields.
    fn empty() -> Self {
        Self::default()
    }

    /// What a string in place of the object is.
    fn of_text(_: &str) -> Self {
        Self::default()
    }
}

/// Reads an [`Object`].
pub(super) fn read_object<'de, O: Object, D: Deserializer<'de>>(from: D) -> Result<O, D::Error> {
    from.deserialize_any(AnyObject(PhantomData))
}

struct AnyObject<O>(PhantomData<O>);

impl<'de, O: Object> Visitor<'de> for AnyObject<O> {
    type Value = O;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<O, E> {
        Ok(O::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<O, E> {
        Ok(O::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<O, E> {
        Ok(O::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<O, E> {
        Ok(O::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<O, E> {
        Ok(O::default())
    }

    fn visit_str<E>(self, text: &str) -> Result<O, E> {
        Ok(O::of_text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<O, A::Error> {
        IgnoredAny.visit_seq(items)?;
        Ok(O::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<O, A::Error> {
        let mut object = O::empty();
        while let Some(name) = fields.next_key_seed(Name(O::FIELDS))? {
            match name {
                Some(name) => object.read(name, &mut fields)?,
                None => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(object)
    }
}

/// The name of a field; none where it is not among these.
struct Name(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a field name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|known| **known == name).copied())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Pair {
        count: u64,
        said: String,
    }

    impl Object for Pair {
        const FIELDS: &'static [&'static str] = &["count", "said"];

        fn read<'de, A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
            match name {
                "count" => self.count = from.next_value::<Count>()?.0,
                _ => self.said = from.next_value::<Text>()?.as_str().unwrap_or_default().to_owned(),
            }
            Ok(())
        }

        fn of_text(text: &str) -> Self {
            Self { said: text.to_owned(), ..Self::default() }
        }
    }

    fn pair(text: &str) -> serde_json::Result<Pair> {
        read_object(&mut serde_json::Deserializer::from_str(text))
    }

    #[test]
    fn of_an_object_what_is_named_is_read() {
        let text = r#"{"other":[1,{"count":"]"}],"count":4,"count":7,"said":"\ud83d\ude00\n","said ":"x"}"#;
        assert_eq!(pair(text).unwrap(), Pair { count: 7, said: "\u{1f600}\n".to_owned() });
        assert_eq!(pair(r#"{"said":{},"count":-1}"#).unwrap(), Pair::default());
        assert_eq!(pair(r#""a""#).unwrap().said, "a");
        for other in ["null", "true", "-1", "1", "0.5", "[{}]"] {
            assert_eq!(pair(other).unwrap(), Pair::default(), "{other}");
        }
    }

    #[test]
    fn damage_in_what_is_left_out_is_damage() {
        for text in [r#"{"drop":{"a":}}"#, r#"{"drop":"half"#, "{\"drop\":\"\u{1}\"}"] {
            assert!(pair(text).is_err(), "{text}");
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
            let count: Count = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(count.0, value.as_u64().unwrap_or_default());
        }
    }
}
