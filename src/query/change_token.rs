//! The token of the change log: the position up to which each shard was read.

use super::cursor::{BadCursor, open, seal};
use crate::store::{ChangePosition, SHARDS};

/// What the token's digest is bound to.
const BINDING: &str = "changes";

pub fn write(position: ChangePosition) -> String {
    seal(&position.0.map(|position| position.to_string()).join("."), BINDING)
}

pub fn read(token: &str) -> Result<ChangePosition, BadCursor> {
    let text = open(token, BINDING)?;
    let numbers: Vec<u64> =
        text.split('.').map(|part| part.parse().map_err(|_| BadCursor)).collect::<Result<_, _>>()?;
    <[u64; SHARDS]>::try_from(numbers).map(ChangePosition).map_err(|_| BadCursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_an_invalid_token_is_refused() {
        let mut position = ChangePosition::default();
        position.0[3] = 17;
        assert_eq!(read(&write(position)), Ok(position));
        assert_eq!(read(&seal("1.2.3", BINDING)), Err(BadCursor));
        assert_eq!(read("soon"), Err(BadCursor));
    }
}
