//! JSON, written straight onto a String.
//!
//! What must always hold: what comes out parses, whatever text goes in (RFC 8259).
//!
//! What it refuses to know: what the keys mean.

use std::fmt::Display;

/// One JSON text in the making.
pub(super) struct Json<'a> {
    out: &'a mut String,
}

impl<'a> Json<'a> {
    /// Begins an object.
    pub(super) fn object(out: &'a mut String) -> Self {
        out.push('{');
        Self { out }
    }

    /// Ends it, and the line.
    pub(super) fn end_line(self) {
        self.out.push_str("}\n");
    }

    /// `"key":"value"`
    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        string(self.out, value);
        self
    }

    /// `"key":value`, for numbers and truth values.
    pub(super) fn plain(&mut self, key: &str, value: impl Display) -> &mut Self {
        self.key(key);
        super::put!(self.out, "{value}");
        self
    }

    /// `"key":"value"` of something that needs no escape.
    pub(super) fn shown(&mut self, key: &str, value: impl Display) -> &mut Self {
        self.key(key);
        super::put!(self.out, "\"{value}\"");
        self
    }

    /// `"key":{…}`
    pub(super) fn with(&mut self, key: &str, inside: impl FnOnce(&mut Json<'_>)) -> &mut Self {
        self.key(key);
        self.braces(inside);
        self
    }

    /// `"key":[{…}]`: a list of one.
    pub(super) fn one(&mut self, key: &str, inside: impl FnOnce(&mut Json<'_>)) -> &mut Self {
        self.list(key, |list| list.item(inside))
    }

    /// `"key":[…]`
    pub(super) fn list(&mut self, key: &str, inside: impl FnOnce(&mut List<'_>)) -> &mut Self {
        self.key(key);
        self.out.push('[');
        inside(&mut List { out: self.out });
        self.out.push(']');
        self
    }

    fn braces(&mut self, inside: impl FnOnce(&mut Json<'_>)) {
        self.out.push('{');
        inside(&mut Json { out: self.out });
        self.out.push('}');
    }

    fn key(&mut self, key: &str) {
        comma(self.out);
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }
}

/// A list in the making.
pub(super) struct List<'a> {
    out: &'a mut String,
}

impl List<'_> {
    /// `{…}`
    pub(super) fn item(&mut self, inside: impl FnOnce(&mut Json<'_>)) {
        comma(self.out);
        Json { out: self.out }.braces(inside);
    }

    /// `"value"`
    pub(super) fn text(&mut self, value: &str) {
        comma(self.out);
        string(self.out, value);
    }
}

/// Between two members, and nowhere else: what was written last tells.
fn comma(out: &mut String) {
    if !out.ends_with(['{', '[']) {
        out.push(',');
    }
}

fn string(out: &mut String, value: &str) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in value.bytes().enumerate() {
        let escaped = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            ..0x20 => " ",
            _ => continue,
        };
        out.push_str(&value[from..at]);
        out.push_str(escaped);
        from = at + 1;
    }
    out.push_str(&value[from..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn nested_members_have_commas_between_them_and_strings_are_escaped() {
        let mut out = String::new();
        let mut json = Json::object(&mut out);
        json.text("a", "say \"[{\"\n").plain("b", 1).one("c", |item| {
            item.text("d", "").list("e", |list| {
                list.text("f");
                list.text("{");
            });
        });
        json.end_line();
        assert_eq!(out, "{\"a\":\"say \\\"[{\\\"\\n\",\"b\":1,\"c\":[{\"d\":\"\",\"e\":[\"f\",\"{\"]}]}\n");
    }
}
