//! Which path is what.

use picoserve::ResponseSent;
use picoserve::io::Read;
use picoserve::request::{Path, Request};
use picoserve::response::chunked::ChunkedResponse;
use picoserve::response::{IntoResponse, Response, ResponseWriter, StatusCode};
use picoserve::routing::PathRouterService;

use super::calibration::{self, Outcome};
use super::part::{Answer, Parts};
use super::setup::{self, Setup};
use super::site::Site;
use super::{json, metrics, page};
use crate::platform::Clock;

/// Nothing from elsewhere is loaded, no other page shows these in a frame, nothing is kept, and nobody guesses what
/// something is.
const HEADERS: [(&str, &str); 4] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
];

pub(super) struct Pages<'a, C> {
    pub(super) site: &'a Site<'a>,
    pub(super) clock: &'a C,
}

impl<C: Clock> PathRouterService for Pages<'_, C> {
    async fn call_path_router_service<R: Read, W: ResponseWriter<Error = R::Error>>(
        &self,
        (): &(),
        (): (),
        path: Path<'_>,
        mut request: Request<'_, R>,
        writer: W,
    ) -> Result<ResponseSent, W::Error> {
        let live = self.site.live;
        let now_ms = self.clock.now_ms();
        let parts = request.parts;
        let is_open = live.access.get().is_some();
        match (path.encoded(), parts.method()) {
            ("/", "GET") if is_open => {
                let outcome = setup::Outcome::Asked;
                send(request, writer, Setup { live, outcome }).await
            }
            ("/", "POST") if is_open => {
                let header = |name| {
                    parts
                        .headers()
                        .get(name)
                        .and_then(|value| value.as_str().ok())
                };
                let is_ours = setup::is_ours(header("host"), header("origin"));
                let outcome = match request.body_connection.body().read_all().await {
                    Ok(_) if !is_ours => setup::Outcome::Foreign,
                    Ok(body) => setup::take(live, self.clock, body).await,
                    Err(error) => {
                        let connection = request.body_connection.finalize().await?;
                        return error.write_to(connection, writer).await;
                    }
                };
                let is_set_up = matches!(outcome, setup::Outcome::Saved);
                let sent = send(request, writer, Setup { live, outcome }).await;
                self.site.is_set_up.set(is_set_up);
                sent
            }
            ("/", "GET") => send(request, writer, page::Page { live, now_ms }).await,
            ("/api/v1/now", "GET") => send(request, writer, json::Now { live, now_ms }).await,
            ("/metrics", "GET") => send(request, writer, metrics::Metrics { live, now_ms }).await,
            ("/calibrate", "GET") => {
                let outcome = match parts.query() {
                    Some(query) => calibration::propose(self.site, query.0, now_ms),
                    None => Outcome::Asked,
                };
                let form = calibration::Form {
                    live,
                    now_ms,
                    outcome,
                };
                send(request, writer, form).await
            }
            ("/calibrate", "POST") => {
                let host = parts
                    .headers()
                    .get("host")
                    .and_then(|host| host.as_str().ok());
                let is_ours = host.is_some_and(calibration::is_ours);
                let outcome = match request.body_connection.body().read_all().await {
                    Ok(_) if !is_ours => Outcome::Foreign,
                    Ok(body) => calibration::confirm(self.site, body, now_ms),
                    Err(error) => {
                        let connection = request.body_connection.finalize().await?;
                        return error.write_to(connection, writer).await;
                    }
                };
                let form = calibration::Form {
                    live,
                    now_ms,
                    outcome,
                };
                send(request, writer, form).await
            }
            ("/" | "/api/v1/now" | "/metrics", _) => refuse(request, writer, "GET").await,
            ("/calibrate", _) => refuse(request, writer, "GET, POST").await,
            _ => {
                let response =
                    Response::new(StatusCode::NOT_FOUND, "There is nothing here. Try /\n");
                let connection = request.body_connection.finalize().await?;
                response
                    .with_headers(HEADERS)
                    .write_to(connection, writer)
                    .await
            }
        }
    }
}

async fn send<R: Read, W: ResponseWriter<Error = R::Error>>(
    request: Request<'_, R>,
    writer: W,
    parts: impl Parts,
) -> Result<ResponseSent, W::Error> {
    let status = parts.status();
    let connection = request.body_connection.finalize().await?;
    ChunkedResponse::new(Answer(parts))
        .into_response()
        .with_status_code(status)
        .with_headers(HEADERS)
        .write_to(connection, writer)
        .await
}

async fn refuse<R: Read, W: ResponseWriter<Error = R::Error>>(
    request: Request<'_, R>,
    writer: W,
    allowed: &'static str,
) -> Result<ResponseSent, W::Error> {
    let connection = request.body_connection.finalize().await?;
    Response::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "That can not be done with this page.\n",
    )
    .with_header("Allow", allowed)
    .with_headers(HEADERS)
    .write_to(connection, writer)
    .await
}
