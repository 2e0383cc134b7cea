//! The environment variables: all that exist, each read once, at the start of a binary.
//!
//! The functions are configured by these alone. The `dateline` command reads the same ones for `--aws` and `redrive`,
//! and takes everything else as options.

/// What the environment says. An empty variable counts as missing.
#[derive(Clone, Default)]
pub struct Config {
    /// `DATELINE_LOG`: which events are logged, as target filters of `tracing` (`debug`, `warn,dateline=debug`).
    /// Default: `warn,dateline=info` for the functions and `serve`, `warn` for other commands.
    pub log: Option<String>,
    /// `DATELINE_TABLE`: the name of the DynamoDB table. No default; required on AWS.
    pub table: Option<String>,
    /// `DATELINE_OBJECTS`: where raw documents and index files are, `s3://bucket` or `file:///folder`. No default;
    /// required on AWS.
    pub objects: Option<String>,
    /// `DATELINE_METRICS`: the stage under which the functions publish metrics. Default: none are published.
    pub metrics: Option<String>,
    /// `DATELINE_PUBLIC_URL`: the base URL at which clients and WebSub hubs reach the API. Default: none; no hub is asked to
    /// notify, and links in feeds use the host of the request.
    pub public_url: Option<String>,
    /// `DATELINE_TRUST`: `system` trusts the system's root certificates. Default: only the roots that AWS services use,
    /// which saves about 8 ms of a cold start.
    pub trust_system_roots: bool,
    /// `AWS_CA_BUNDLE`: a PEM file of root certificates to trust as well. Default: none.
    pub ca_bundle: Option<String>,
    /// `AWS_REGION`: set by Lambda. No default; required on AWS.
    pub region: Option<String>,
    /// `AWS_ACCESS_KEY_ID`: set by Lambda. No default; required on AWS.
    pub access_key_id: Option<String>,
    /// `AWS_SECRET_ACCESS_KEY`: set by Lambda. No default; required on AWS.
    pub secret_access_key: Option<String>,
    /// `AWS_SESSION_TOKEN`: set by Lambda. Default: none, for long-term keys.
    pub session_token: Option<String>,
    /// `AWS_ENDPOINT_URL_DYNAMODB`, else `AWS_ENDPOINT_URL`: default: the region's endpoint.
    pub table_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`: default: the region's endpoint.
    pub objects_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS`, else `AWS_ENDPOINT_URL`: default: the region's endpoint.
    pub queue_endpoint: Option<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("the environment variable {0} is not set")]
pub struct MissingVariable(pub &'static str);

impl Config {
    pub fn from_env() -> Self {
        let endpoint = |service: &str| variable(service).or_else(|| variable("AWS_ENDPOINT_URL"));
        Self {
            log: variable("DATELINE_LOG"),
            table: variable("DATELINE_TABLE"),
            objects: variable("DATELINE_OBJECTS"),
            metrics: variable("DATELINE_METRICS"),
            public_url: variable("DATELINE_PUBLIC_URL"),
            trust_system_roots: variable("DATELINE_TRUST").as_deref() == Some("system"),
            ca_bundle: variable("AWS_CA_BUNDLE"),
            region: variable("AWS_REGION"),
            access_key_id: variable("AWS_ACCESS_KEY_ID"),
            secret_access_key: variable("AWS_SECRET_ACCESS_KEY"),
            session_token: variable("AWS_SESSION_TOKEN"),
            table_endpoint: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            objects_endpoint: endpoint("AWS_ENDPOINT_URL_S3"),
            queue_endpoint: endpoint("AWS_ENDPOINT_URL_SQS"),
        }
    }

    pub fn table(&self) -> Result<&str, MissingVariable> {
        required(&self.table, "DATELINE_TABLE")
    }

    pub fn objects(&self) -> Result<&str, MissingVariable> {
        required(&self.objects, "DATELINE_OBJECTS")
    }

    pub fn region(&self) -> Result<&str, MissingVariable> {
        required(&self.region, "AWS_REGION")
    }

    pub fn access_key_id(&self) -> Result<&str, MissingVariable> {
        required(&self.access_key_id, "AWS_ACCESS_KEY_ID")
    }

    pub fn secret_access_key(&self) -> Result<&str, MissingVariable> {
        required(&self.secret_access_key, "AWS_SECRET_ACCESS_KEY")
    }
}

fn required<'a>(value: &'a Option<String>, variable: &'static str) -> Result<&'a str, MissingVariable> {
    value.as_deref().ok_or(MissingVariable(variable))
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
