//! Reading does linear work, also for documents that are made against it. Each kind is read at two sizes: the
//! last third of the longer one adds about as many instructions as each third before it takes. They are counted by
//! valgrind, because counts don't depend on the machine or on what else it does, as times do.

use std::{fmt::Write as _, io::Write as _, path::Path, process::Command, sync::Mutex, thread};

/// Bytes of a third of the longest document.
const THIRD: usize = 4_000;
/// The most that the last third may add, in percent of what each of the others takes. If all work is quadratic, it is 250.
const MOST_PERCENT: u64 = 140;

/// What is repeated, within what: the file's extension, the beginning, the repeated text, the end. `~` is a number that
/// differs in each repetition.
const KINDS: &[(&str, &str, &str, &str)] = &[
    ("txt", "Two ports agree\n\n", "A short line ~ of menu\n", ""),
    ("txt", "Two ports agree\n\n", "Menu item\n", ""),
    ("txt", "Two ports agree\n\n", "The ferry stops for a week because its ramp is mended, they said.\nComments\n", ""),
    ("txt", "Two ports agree\n\n", "Aaron Bbb Ccccc Dddd ~ Roa said. ", ""),
    ("txt", "Two ports agree\n\n", "Maria Roa and John Ott of Acme Group said so. ", ""),
    ("txt", "Two ports agree\n\n", "the ferry stops for a week because its ramp is mended. ", ""),
    ("txt", "Two ports agree\n\n", "the Bank of ", ""),
    ("txt", "Two ports agree\n\n", "\n \n", ""),
    ("txt", "Two ports agree\n\n", "On 5 April 2025 at 3 p.m. it paid $7 billion. ", ""),
    ("txt", "Two ports agree\n\n", "It killed ~ people and will hurt 7 on Saturday; $3 was lost. ", ""),
    ("txt", "Two ports agree\n\n", "PARIS, April 5 (Reuters) - The port opens again on Monday.\n", ""),
    ("txt", "Two ports agree\n\n", "By Ana Roa and Ben Ott\n", ""),
    ("txt", "Two ports agree\n\n", "1", ""),
    ("md", "# Two ports agree\n\n", "- [a](https://x.example) *b* **c**\n", ""),
    ("html", "<title>", "part~ | ", "</title><h1>part1</h1><p>The ferry stops today. It does.</p>"),
    ("html", "<h1>Two ports agree</h1>", "<p>The ferry stops today for all of the people there.</p>", ""),
    ("html", "<h1>Two ports agree</h1>", "<div><a href=x>A story</a> <span>5 May</span></div>", ""),
    ("html", "<h1>Two ports agree</h1>", "<div class=postdate>Updated nothing</div>", ""),
    (
        "html",
        "<h1>Two ports agree</h1><p>The ferry stops.</p>",
        "<script>x={\"published\":\"2025-01-01\"}</script>",
        "",
    ),
    ("html", "<h1>Two ports agree</h1>", "<span class=author>Ana Roa</span>", "<p>The ferry stops today. It does.</p>"),
    ("html", "<h1>Two ports agree</h1><p class=byline>", "<i>Ana Roa</i> ", "</p><p>The ferry stops today.</p>"),
    ("html", "<h1>", "<b>a b c</b>", "</h1><p>The ferry stops today. It does.</p>"),
    ("html", "", "<h1>Two ports agree</h1>", "<p>The ferry stops today. It does.</p>"),
    ("html", "", "<meta property='og:title' content='x'>", "<p>The ferry stops today. It does.</p>"),
    ("html", "<h1>Two ports agree</h1><p>The ferry stops.</p>", "<div>", ""),
    ("html", "<h1>Two ports agree</h1><p>The ferry stops.</p>", "<", ""),
    ("html", "<h1>Two ports agree</h1><p>The ferry stops.</p>", "&#99999999;&bogus;&amp", ""),
    ("xml", "", "<?x?>", "<rss><channel><item><title>Two ports agree</title></item></channel></rss>"),
];

#[test]
fn a_longer_document_takes_no_more_than_linear_work() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        // Unlike `eprintln!`, this is shown although the test passes.
        writeln!(std::io::stderr(), "valgrind is missing: the instructions of reading are not counted")
            .expect("standard error is open");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let left = Mutex::new(KINDS.iter().enumerate());
    let next = || left.lock().expect("no other thread panicked").next();
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((number, kind)) = next() {
                    let [two, three] = [2, 3].map(|thirds| {
                        let file = folder.path().join(format!("{number}-{thirds}.{}", kind.0));
                        std::fs::write(&file, document(kind, thirds)).expect("a file");
                        instructions(&file)
                    });
                    if three.saturating_sub(two) * 100 > two / 2 * MOST_PERCENT {
                        failures.lock().expect("no other thread panicked").push(format!("{kind:?}: {two}, {three}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no thread panicked");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn document((_, beginning, repeated, end): &(&str, &str, &str, &str), thirds: usize) -> String {
    let mut document = (*beginning).to_owned();
    for number in 0..thirds * THIRD / repeated.len() {
        let _ = write!(document, "{}", repeated.replace('~', &format!("{number:04}")));
    }
    document + end
}

/// Returns the number of instructions that `dateline read` takes for a file.
fn instructions(file: &Path) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", env!("CARGO_BIN_EXE_dateline"), "read"])
        .arg(file)
        .output()
        .expect("valgrind starts");
    let report = String::from_utf8_lossy(&output.stderr);
    let count = report.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, count)| count.trim().parse());
    count.and_then(Result::ok).unwrap_or_else(|| panic!("{}: {report}", file.display()))
}
