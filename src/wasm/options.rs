//! Options, set one by one. Names, ranges and defaults are the engine's.

use super::desk::{Desk, Given};
use crate::engine::config::{NumberOption, Service, whole};
use crate::engine::sampling::KeepSlow;
use crate::engine::{Config, Error, ErrorKind, Format, SinkOptions};

/// The options of a collector to be.
#[derive(Default)]
pub(super) struct Options {
    pub(super) config: Config,
    pub(super) host_rng: bool,
}

exports! {
    /// All defaults, whatever was set for a collector that did not come to be.
    fn options_begin(desk: &mut Desk) {
        desk.options = Options::default();
    }

    /// Sets an option: its name, then its values. False: it is refused, and the error is the result.
    fn options_set(desk: &mut Desk) -> bool {
        let (given, options) = desk.options();
        let tried = options.set(given);
        desk.check(tried).is_some()
    }
}

impl Options {
    fn set(&mut self, mut given: Given<'_>) -> Result<(), Error> {
        let name = given.string();
        let sampling = &mut self.config.sampling;
        match name {
            "alwaysSampleErrors" => sampling.always_sample_errors = given.flag(),
            "respectParent" => sampling.respect_parent = given.flag(),
            "keepSlowP99" => sampling.keep_slow = Some(KeepSlow::P99),
            "keepSlowMs" => sampling.keep_slow = given.number().map(KeepSlow::Ms),
            "exclude" => sampling.exclude.push(given.string().into()),
            "override" => {
                sampling.overrides.push((given.string().into(), given.number().unwrap_or(f64::NAN)));
            }
            "seed" => sampling.seed = Some(u64::from_le_bytes(given.bytes().try_into().unwrap_or_default())),
            "hostRng" => self.host_rng = true,
            "service" => {
                let [name, version] = [given.text(), given.text()].map(|text| text.map(String::from));
                self.config.service = Service { name, version };
            }
            "resource" => {
                let (key, value) = (given.string(), given.string());
                let resource = &mut self.config.resource;
                // The last one of a key counts.
                resource.retain(|(told, _)| told != key);
                resource.push((key.into(), value.into()));
            }
            "sink" => self.config.add_sink(sink(given)?)?,
            _ => {
                let value = given.number().unwrap_or(f64::NAN);
                match name {
                    "rate" => sampling.rate = value,
                    "errorThreshold" => {
                        ERROR_THRESHOLD.check(value)?;
                        sampling.error_threshold = value as u16;
                    }
                    _ => self.config.set(name, value)?,
                }
            }
        }
        Ok(())
    }
}

fn sink(mut given: Given<'_>) -> Result<SinkOptions, Error> {
    let (name, format) = (given.string(), given.string());
    let Some(known) = Format::from_name(format) else {
        let mut message = vec!["sink ", name, ": format \"", format, "\" is not one of "];
        for (at, known) in Format::ALL.iter().enumerate() {
            message.push(if at == 0 { "" } else { ", " });
            message.push(known.as_str());
        }
        return Err(Error::new(ErrorKind::Sink, &message));
    };
    let [batch_max, max_bytes] = [given.number(), given.number()].map(|max| max.map(|max| max as u32));
    Ok(SinkOptions { name: name.into(), format: known, batch_max, max_bytes })
}

/// Its range is one of floats: the engine's own is a status.
const ERROR_THRESHOLD: NumberOption =
    whole("sampling.errorThreshold", "config/error-threshold", 500.0, 100.0, 1000.0);
