//! The server's HTTP.

use serde_json::Value;

use super::{Reply, State};

const FAILURE: &str = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";

/// Path, and where the body begins and ends, of a request that is whole.
pub(super) fn whole(request: &[u8]) -> Option<(String, usize, usize)> {
    let head_end = request.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(request.get(..head_end)?).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "))?
        .parse()
        .ok()?;
    let end = head_end + length;
    (request.len() >= end).then_some((path, head_end, end))
}

/// Takes a request; gives the answer.
pub(super) fn answer(
    state: &mut State,
    path: &str,
    body: &[u8],
    now_us: u64,
    is_stored: bool,
    reply: Reply,
) -> Vec<u8> {
    let Some(value) = state.json(path, body) else {
        return FAILURE.into();
    };
    let batch = match (path.rsplit('/').next(), value) {
        (Some("create"), record) => vec![record],
        (Some("batch"), Value::Array(records)) => records,
        _ => Vec::new(),
    };
    if is_stored {
        for record in &batch {
            state.store(record, now_us);
        }
    }
    if reply == Reply::Error {
        return FAILURE.into();
    }
    let body = format!("{{\"success\":true,\"stored\":{}}}", batch.len());
    let length = body.len();
    format!("HTTP/1.1 201 Created\r\nContent-Length: {length}\r\n\r\n{body}").into()
}
