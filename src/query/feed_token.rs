//! The token of the change feed: how far each shard was read.

use super::cursor::{BadCursor, open, seal};
use crate::store::{FeedPosition, SHARDS};

/// What the token's digest is bound to.
const BINDING: &str = "changes";

pub fn write(position: FeedPosition) -> String {
    seal(&position.0.map(|it| it.to_string()).join("."), BINDING)
}

pub fn read(token: &str) -> Result<FeedPosition, BadCursor> {
    let text = open(token, BINDING)?;
    let numbers: Vec<u64> = text.split('.').map(|it| it.parse().map_err(|_| BadCursor)).collect::<Result<_, _>>()?;
    <[u64; SHARDS]>::try_from(numbers).map(FeedPosition).map_err(|_| BadCursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_another_is_refused() {
        let mut position = FeedPosition::default();
        position.0[3] = 17;
        assert_eq!(read(&write(position)), Ok(position));
        assert_eq!(read(&seal("1.2.3", BINDING)), Err(BadCursor));
        assert_eq!(read("soon"), Err(BadCursor));
    }
}
