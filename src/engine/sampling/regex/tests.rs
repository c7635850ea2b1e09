use super::Regex;
use proptest::prelude::*;

fn ours(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}")).is_match(text)
}

fn theirs(pattern: &str) -> Option<regex_lite::Regex> {
    regex_lite::RegexBuilder::new(pattern).size_limit(100_000).build().ok()
}

/// Patterns of all that the syntax has.
fn pattern() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        8 => "[abAB01_/.é \n\r-]".prop_map(|text| regex_lite::escape(&text)),
        4 => select(&[".", "^", "$", r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", r"\x41", r"\u{e9}", r"\U00000062"]),
        2 => select(&[r"\b", r"\B", r"\<", r"\>", r"\A", r"\z", r"\b{start}", r"\b{end}", r"\b{start-half}", r"\b{end-half}"]),
        2 => class(),
    ];
    one.prop_recursive(5, 24, 4, |inner| {
        let many = prop::collection::vec(inner.clone(), 0..4);
        let times = select(&["*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{0}", "{ 1 , 2 }?"]);
        let group = select(&[
            "(", "(?:", "(?P<x>", "(?<y>", "(?i)(?:", "(?ims:", "(?-i:", "(?mR:", "(?sU-m:", "(?x: ",
        ]);
        prop_oneof![
            4 => many.clone().prop_map(|parts| parts.concat()),
            2 => (many, select(&["|", ""])).prop_map(|(parts, end)| format!("(?:{}{end})", parts.join("|"))),
            2 => (inner.clone(), times).prop_map(|(part, times)| format!("(?:{part}){times}")),
            1 => (group, inner).prop_map(|(group, part)| format!("{group}{part})")),
        ]
    })
}

fn class() -> impl Strategy<Value = String> {
    let items = select(&[
        "a",
        "b",
        "a-c",
        "A-B",
        "0-1",
        r"\d",
        r"\W",
        r"\s",
        "[:alpha:]",
        "[:^digit:]",
        r"\x41-\x43",
        "é",
        "/",
    ]);
    let (first, last) = (select(&["", "^", "-", "]", "^-", "^]"]), select(&["", "-", r"\]"]));
    (first, prop::collection::vec(items, 1..4), last)
        .prop_map(|(first, items, last)| format!("[{first}{}{last}]", items.concat()))
}

fn select(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(String::from)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn it_matches_what_regex_lite_matches(pattern in pattern(), texts in prop::collection::vec("[abcABC01_/.é \n\r-]{0,8}", 8)) {
        // Two groups of one name are no error of ours.
        let Some(theirs) = theirs(&pattern.replace("?P<x>", "").replace("?<y>", "")) else { return Ok(()) };
        for text in texts {
            prop_assert_eq!(ours(&pattern, &text), theirs.is_match(&text), "{:?} in {:?}", pattern, text);
        }
    }

    #[test]
    fn no_pattern_traps_and_what_regex_lite_takes_is_taken(pattern in r"[ab\\xdbp1(){},|*+?^$.\[\]:&~<>=!iP# -]{0,12}") {
        match (Regex::new(&pattern), theirs(&pattern)) {
            (Ok(ours), Some(theirs)) => {
                for text in ["", "a", "b1", "ab a", "x-b", "\n"] {
                    prop_assert_eq!(ours.is_match(text), theirs.is_match(text), "{:?} in {:?}", pattern, text);
                }
            }
            (Err(why), Some(_)) => prop_assert!(false, "{:?}: {}", pattern, why),
            _ => {}
        }
    }
}

#[test]
fn what_is_no_regex_says_why() {
    for (pattern, why) in [
        ("(", "group"),
        ("a)", "group"),
        ("(?<n", "group"),
        ("(?<>a)", "name"),
        ("(?=a)", "look-around"),
        ("(?<!a)", "look-around"),
        ("(?z)a", "flag"),
        ("(?i-m-s)a", "flag"),
        ("*", "nothing to repeat"),
        ("a|+", "nothing to repeat"),
        ("a{", "repetition"),
        ("a{,2}", "repetition"),
        ("a{2,1}", "repetition"),
        ("a{99999999999}", "repetition"),
        ("a\\", "cut off"),
        (r"\1", "backreferences"),
        (r"\pL", "Unicode"),
        (r"\y", "unknown"),
        (r"\x4", "hexadecimal"),
        (r"\u{d800}", "hexadecimal"),
        (r"\b{middle}", "start-half"),
        ("[a", "class"),
        ("[^", "class"),
        ("[a[b]]", "classes in classes"),
        ("[a&&b]", "operators"),
        ("[b-a]", "range"),
        (r"[\d-a]", "range"),
        (r"[\b]", "place"),
        (r"(\w{50}){50}", "too large"),
        (r"((a{100}){100}){100}", "too large"),
        ("(){4294967295}(a{0}){4294967295}a{4294967295}", "too large"),
    ] {
        let told = Regex::new(pattern).err().unwrap_or_default();
        assert!(told.contains(why), "{pattern}: {told}");
        assert!(theirs(pattern).is_none(), "{pattern} is one to regex-lite");
    }
    let deep = |groups: usize| format!("{}a{}", "(".repeat(groups), ")".repeat(groups));
    assert!(Regex::new(&deep(50)).is_ok());
    assert!(Regex::new(&deep(100_000)).err().unwrap_or_default().contains("nested"));
}

#[test]
fn a_flag_holds_to_the_end_of_its_group() {
    assert!(ours("a(?i)b", "aB") && !ours("a(?i)b", "AB"));
    assert!(ours("(?:(?i)a|b)c", "Bc") && !ours("(?:(?i)a|b)c", "BC"));
    assert!(ours("(?x) a b # and so on\n c", "abc"));
    assert!(ours(r"(?x) a \  [ b c ] {2}", "a bc"));
}

#[test]
fn a_regex_as_long_as_one_may_be_matches_to_its_end() {
    let longest = format!("{}$", "a".repeat(super::super::rules::REGEX_MAX_STEPS - 2));
    let text = "a".repeat(5000);
    assert!(ours(&longest, &text));
    assert!(!ours(&longest, &format!("{text}b")));
    assert!(Regex::new(&format!("a{longest}")).is_err());
}
