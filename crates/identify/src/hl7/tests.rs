//! Messages as senders write them, well and badly: views, ranges, escapes, batches, and that nothing is lost.

use super::*;
use proptest::prelude::*;

const ADT: &str = "MSH|^~\\&|APP|FAC|||20261120101500||ADT^A08^ADT_A01|M-1|P|2.5.1\rEVN||20261120101500\r\
    PID|1||100^^^LPC^MR~999-11-2222^^^USSSA^SS||Lee&van^Ana^^^^^L~Bird^Ana^^^^^A||20160504|F||\"\"|12 Elm\\T\\Oak St^^Troy\r\
    ZPI|x|own~words\r";

fn read(bytes: &[u8]) -> Exchange<'_> {
    read_hl7(bytes, &Limits::default()).unwrap()
}

fn first<'a>(exchange: &'a Exchange<'a>) -> &'a Message<'a> {
    exchange.messages().next().expect("a message")
}

fn value(piece: Piece<'_>) -> String {
    piece.said().value().unwrap_or_default()
}

#[test]
fn fields_are_counted_as_the_standard_counts_them_and_know_where_they_lie() {
    let exchange = read(ADT.as_bytes());
    let message = first(&exchange);
    let header = message.segment("MSH").unwrap();
    assert_eq!(header.field(1).raw(), b"|");
    assert_eq!(header.field(2).raw(), b"^~\\&");
    assert_eq!((value(header.field(3)).as_str(), value(header.field(10)).as_str()), ("APP", "M-1"));
    let pid = message.segment("PID").unwrap();
    assert_eq!(pid.field(3).parts().count(), 2);
    let second = pid.field(3).parts().nth(1).unwrap();
    assert_eq!((value(second.part(1)).as_str(), value(second.part(5)).as_str()), ("999-11-2222", "SS"));
    assert_eq!(&ADT[second.part(1).range()], "999-11-2222");
    // Whoever expects no parts gets the first.
    assert_eq!(value(pid.field(5)), "Lee");
    assert_eq!(value(pid.field(5).part(1).part(1).part(2)), "van");
    assert_eq!(pid.field(99).raw(), b"");
    assert_eq!(pid.field(0).raw(), b"", "fields are counted from 1");
    assert_eq!(message.segment("ZPI").unwrap().field(2).parts().count(), 2, "segments of a sender's own are segments");
    for segment in message.segments() {
        assert!(segment.fields().all(|field| field.range().end <= segment.range().end));
    }
}

#[test]
fn two_quotes_delete_and_nothing_leaves_alone() {
    let exchange = read(ADT.as_bytes());
    let pid = first(&exchange).segment("PID").unwrap();
    assert!(pid.field(10).is_deleted());
    assert_eq!(pid.field(10).said(), Said::Deleted);
    assert_eq!(pid.field(9).said(), Said::Nothing);
    assert_eq!(pid.field(30).said(), Said::Nothing);
}

#[test]
fn escapes_are_undone_and_what_is_none_stays() {
    let of = |text: &str| {
        let message = format!("MSH|^~\\&#|A|B\rNTE|{text}\r");
        let exchange = read(message.as_bytes());
        first(&exchange).segment("NTE").unwrap().field(1).text()
    };
    assert_eq!(of("\\F\\\\S\\\\T\\\\R\\\\E\\\\P\\"), "|^&~\\#");
    assert_eq!(of("caf\\XC3A9\\ au lait"), "café au lait");
    assert_eq!(of("one\\.br\\two\\.sp2\\three"), "one\ntwo\n\nthree");
    assert_eq!(of("\\H\\bold\\N\\"), "bold");
    for stays in ["C:\\dir", "\\Q\\", "\\X1\\", "\\Xzz\\", "\\", "a\\", "\\\\", "\\Zown\\"] {
        assert_eq!(of(stays), stays, "{stays}");
    }
    assert_eq!(of("\\.sp999999999\\").len(), 8, "a hostile number makes no long text");
    assert_eq!(of("\\.sp-1\\"), "\\.sp-1\\");
    assert_eq!(of("\\X00\\").as_bytes(), [0]);
}

#[test]
fn other_separators_and_none_for_sub_components_are_taken() {
    let exchange = read(b"MSH$*%@!$APP$FAC\rPID$1$$7*8!9%10\r");
    let pid = first(&exchange).segment("PID").unwrap();
    assert_eq!(value(pid.field(3).part(1).part(2).part(2)), "9");
    assert_eq!(value(pid.field(3).part(2)), "10");
    let exchange = read(b"MSH|^~\\|APP\rPID|a&b^c\r");
    assert_eq!(value(first(&exchange).segment("PID").unwrap().field(1)), "a&b");
}

#[test]
fn lines_end_with_cr_lf_or_both_and_frames_and_batches_are_taken() {
    for end in ["\r", "\n", "\r\n", "\r\r\n", "\n\n"] {
        let text = ADT.replace('\r', end);
        let exchange = read(text.as_bytes());
        assert_eq!(first(&exchange).segments().count(), 4, "{end:?}");
        assert_eq!(exchange.write_back(), text.as_bytes());
    }
    let framed = format!("\u{b}{ADT}\u{1c}\r\u{b}{ADT}\u{1c}\r");
    let exchange = read(framed.as_bytes());
    assert_eq!(exchange.messages().count(), 2);
    assert_eq!(exchange.write_back(), framed.as_bytes());
    let batch = format!("\u{feff}FHS|^~\\&|A\rBHS|^~\\&|A\r{ADT}{ADT}BTS|2\rFTS|1\r");
    let exchange = read(batch.as_bytes());
    assert_eq!((exchange.messages().count(), exchange.items.len()), (2, 6));
    assert_eq!(exchange.messages().map(|message| message.line).collect::<Vec<_>>(), [3, 7]);
    assert_eq!(exchange.write_back(), batch.as_bytes());
}

#[test]
fn a_message_that_cannot_be_taken_says_why_and_those_around_it_are_taken() {
    let broken = |header: &str| {
        let file = format!("{ADT}{header}\rPID|1||7\r{ADT}");
        let exchange = read(file.as_bytes());
        assert!(exchange.messages().count() >= 2, "{header}");
        assert_eq!(exchange.write_back(), file.as_bytes());
        exchange
            .items
            .iter()
            .find_map(|item| if let Item::Broken(line, _, why) = item { Some((*line, *why)) } else { None })
    };
    for header in
        ["MSH|^~\\\\&|A", "MSH", "MSH|", "MSH||A", "MSH|^^~&|A", "MSH|abcd|A", "MSH|^~\\&!!|A", "MSH|\"~\\&|A"]
    {
        assert_eq!(broken(header), Some((5, Broken::Separators)), "{header}");
    }
    let charset = |said: &str| format!("MSH|^~\\&|A|B||||||||||||||{said}");
    for said in ["UNICODE UTF-16", "8859/15", "GB 18030-2000", "whatever"] {
        assert_eq!(broken(&charset(said)), Some((5, Broken::Charset)), "{said}");
    }
    for said in ["", "ASCII", "UNICODE UTF-8", "8859/1", "8859/1~UNICODE UTF-8"] {
        assert_eq!(broken(&charset(said)), None, "{said}");
    }
}

#[test]
fn bytes_that_are_not_of_the_said_charset_are_refused_and_those_of_it_are_read() {
    let with = |said: &str, name: &[u8]| {
        let mut file = format!("MSH|^~\\&|A|B||||||||||||||{said}\rPID|").into_bytes();
        file.extend(name);
        file
    };
    let file = with("8859/1", b"Zo\xEB");
    assert_eq!(value(first(&read(&file)).segment("PID").unwrap().field(1)), "Zoë");
    let file = with("UNICODE UTF-8", "Zoë".as_bytes());
    assert_eq!(value(first(&read(&file)).segment("PID").unwrap().field(1)), "Zoë");
    for (said, name) in [("UNICODE UTF-8", &b"Zo\xEB"[..]), ("", b"Zo\xEB"), ("ASCII", "Zoë".as_bytes())] {
        assert_eq!(read(&with(said, name)).messages().count(), 0, "{said}");
    }
}

#[test]
fn what_is_no_hl7_and_what_is_too_much_is_refused() {
    for bytes in [&b""[..], b"PID|1", b"hello", b"MSHX", b"name,born\r\nMSH,2", b"FHS", b"\xEF\xBB\xBF"] {
        assert_eq!(read_hl7(bytes, &Limits::default()).err(), Some(Hl7Error::NotHl7));
    }
    assert!(read_hl7(b"FHS|^~\\&\rtext", &Limits::default()).is_err(), "text between messages");
    let few = Limits { hl7_segments_max: 3, ..Limits::default() };
    assert_eq!(read_hl7(ADT.as_bytes(), &few).err(), Some(Hl7Error::TooLarge("too many segments")));
    let short = Limits { input_bytes_max: 10, ..Limits::default() };
    assert_eq!(read_hl7(ADT.as_bytes(), &short).err(), Some(Hl7Error::TooLarge("too many bytes")));
}

#[test]
fn a_line_within_a_field_is_kept_and_known_as_no_segment() {
    let file = "MSH|^~\\&|A\rOBX|1|TX|||first line\nsecond | line\nPID\r";
    let exchange = read(file.as_bytes());
    assert!(first(&exchange).has_stray_lines());
    let names: Vec<&str> = first(&exchange).segments().map(|segment| segment.name()).collect();
    assert_eq!(names, ["MSH", "OBX", "", "PID"]);
    assert_eq!(exchange.write_back(), file.as_bytes());
}

#[test]
fn nothing_of_a_message_is_told_by_debug() {
    let exchange = read(ADT.as_bytes());
    let pid = first(&exchange).segment("PID").unwrap();
    let told = format!("{exchange:?} {:?} {pid:?} {:?} {:?}", first(&exchange), pid.field(5), pid.field(5).said());
    assert!(!told.contains("Lee") && !told.contains("100"), "{told}");
}

proptest! {
    #[test]
    fn whatever_is_read_is_written_back_byte_for_byte(
        text in "(MSH|FHS|BHS)[|$][\\^*]~\\\\&[|$]([A-Z0-9|^~\\\\&\"x.\r\n\u{b}\u{1c}é]|PID|MSH\\|\\^~\\\\&|BTS|FTS|\r\n){0,200}"
    ) {
        if let Ok(exchange) = read_hl7(text.as_bytes(), &Limits::default()) {
            prop_assert_eq!(exchange.write_back(), text.as_bytes());
            for message in exchange.messages() {
                for segment in message.segments() {
                    for field in segment.fields() {
                        let range = field.range();
                        prop_assert_eq!(&text.as_bytes()[range.clone()], field.raw());
                        for part in field.parts().flat_map(|part| part.parts()).flat_map(|part| part.parts()) {
                            prop_assert!(range.start <= part.range().start && part.range().end <= range.end);
                            let _ = part.text();
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn an_escaped_text_is_undone_to_itself(text in "[a-z|^~\\\\& ]{0,40}") {
        let escaped: String = text
            .chars()
            .map(|one| match one {
                '|' => "\\F\\".to_owned(),
                '^' => "\\S\\".to_owned(),
                '~' => "\\R\\".to_owned(),
                '\\' => "\\E\\".to_owned(),
                '&' => "\\T\\".to_owned(),
                other => other.to_string(),
            })
            .collect();
        let file = format!("MSH|^~\\&|A\rNTE|{escaped}\r");
        let exchange = read(file.as_bytes());
        prop_assert_eq!(first(&exchange).segment("NTE").unwrap().field(1).text(), text);
    }
}
