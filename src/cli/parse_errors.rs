//! Gives a body to the refusals that the HTTP parser sends before there is a request that the API could answer:
//! every error is `application/problem+json`.

use crate::{
    http::{
        problem::{Code, PROBLEM_MEDIA_TYPE, Problem},
        request_log::new_id,
    },
    json::to_json,
};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The first lines of the parser's refusals. The API itself sends none of these without a body.
const REFUSALS: [(&[u8], Code, &str); 3] = [
    (
        b"HTTP/1.1 400 ",
        Code::UnreadableRequest,
        "expected an HTTP request; in a URL, characters such as \" < > and letters outside ASCII are percent-encoded",
    ),
    (b"HTTP/1.1 414 ", Code::UrlTooLong, "expected a shorter URL"),
    (b"HTTP/1.1 431 ", Code::HeadersTooLarge, "expected fewer or shorter headers"),
];

/// A connection whose writer replaces the parser's refusals.
pub struct ParseErrors<S> {
    stream: S,
    /// What is left to write of a replacement.
    replacement: Option<Vec<u8>>,
}

impl<S> ParseErrors<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, replacement: None }
    }
}

fn replacement(written: &[u8]) -> Option<Vec<u8>> {
    let (_, code, detail) = REFUSALS.iter().find(|(start, ..)| written.starts_with(start))?;
    let is_bare = written.windows(19).any(|bytes| bytes == b"content-length: 0\r\n");
    let body = to_json(&Problem::new(*code, *detail).body(&new_id()));
    let head = format!(
        "HTTP/1.1 {}\r\ncontent-type: {PROBLEM_MEDIA_TYPE}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        code.status(),
        body.len()
    );
    is_bare.then(|| (head + &body).into_bytes())
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ParseErrors<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.replacement.is_none() {
            self.replacement = replacement(bytes);
        }
        let Self { stream, replacement } = &mut *self;
        let Some(left) = replacement else { return Pin::new(stream).poll_write(context, bytes) };
        while !left.is_empty() {
            let written = ready!(Pin::new(&mut *stream).poll_write(context, left))?;
            left.drain(..written);
        }
        *replacement = None;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ParseErrors<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}
