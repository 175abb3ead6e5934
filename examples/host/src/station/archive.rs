//! The archive of the device: what the application writes to its card, and copies of that for whoever wants to open
//! them.

use std::fs::{self, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fatfs::{FileSystem, FsOptions};
use smart_meter::archive::{self, Inbox, Slot, line};
use smart_meter::live::Live;
use smart_meter::record::Record;

use super::card::{Image, Partition};
use super::clock::StationClock;
use crate::error::Problem;

/// Records that can wait for the card: many come in one go when simulated time is fast.
const ROOM: usize = 256;
/// How often copies are brought up to date.
const LOOK: Duration = Duration::from_millis(200);

/// A card in a folder, and its files beside it.
pub(super) struct Archive {
    folder: PathBuf,
    inbox: Inbox<ROOM>,
}

impl Archive {
    pub(super) fn in_folder(folder: &Path) -> Result<Self, Problem> {
        // It is formatted now, and not when a meter should be read.
        Image::in_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            inbox: Inbox::new(),
        })
    }

    pub(super) fn offer(&self, record: &Record) {
        self.inbox.offer(record);
    }

    /// Writes records to the card as the device does, and copies what is there.
    pub(super) async fn run(&self, clock: StationClock, live: &Live) -> Result<(), Problem> {
        let card = Image::in_folder(&self.folder)?;
        let copying = async {
            let mut written = 0;
            let mut is_known = false;
            loop {
                tokio::time::sleep(LOOK).await;
                let now = live.archive.get().written;
                // Whoever has the file open may not like it to grow: then it does so later.
                if now != written && self.copy(is_known).is_ok() {
                    (written, is_known) = (now, true);
                }
            }
        };
        embassy_futures::join::join(archive::run(card, &self.inbox, clock, live), copying).await;
        Ok(())
    }

    /// Writes what waits before the end. Lines come in pairs: a last single one stays behind.
    pub(super) async fn end(&self, live: &Live) -> Result<(), Problem> {
        if self.write(live).await.is_none() {
            let waiting = self.inbox.waiting();
            let why = live.archive.get().card.message();
            return Err(Problem::Refused(format!(
                "{waiting} records are not in the archive: {why}: is {} damaged? another name lets a new one be made",
                self.folder.join("card.img").display()
            )));
        }
        self.copy(false).map_err(|error| {
            Problem::Refused(format!(
                "data.csv: {error}: does another program have it open?"
            ))
        })
    }

    async fn write(&self, live: &Live) -> Option<()> {
        if self.inbox.waiting() == 0 {
            return Some(());
        }
        let slot = Slot::new(Image::in_folder(&self.folder).ok()?);
        let (mut writer, _) = slot.mount().await.ok()?;
        let offset_ms = live.time.get().offset_ms;
        loop {
            let is_first = writer.begins().ok()?;
            let count = if is_first { 1 } else { 2 };
            if self.inbox.waiting() < count {
                break;
            }
            let line = |n| {
                let record = self.inbox.get(n)?;
                Some(line::of(&line::stamped(record, offset_ms)))
            };
            let first = if is_first { line::header() } else { line(0)? };
            let pair = [first, line(count - 1)?];
            writer.put(pair.as_flattened().try_into().ok()?).ok()?;
            self.inbox.forget(count);
        }
        writer.commit().ok()
    }

    /// Appends to the copies what is new. The last of them is made anew when it is not known to be the same so far.
    fn copy(&self, is_known: bool) -> io::Result<()> {
        let system = FileSystem::new(Partition::of(&self.folder)?, FsOptions::new())?;
        let mut files = Vec::new();
        for entry in system.root_dir().iter() {
            let entry = entry?;
            let name = entry.file_name().to_lowercase();
            if entry.is_file() && name.starts_with("data") && name.ends_with(".csv") {
                files.push((name, entry));
            }
        }
        files.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then(a.cmp(b)));
        let last = files.len().saturating_sub(1);
        for (at, (name, entry)) in files.iter().enumerate() {
            let path = self.folder.join(name);
            let have = fs::metadata(&path).map_or(0, |data| data.len());
            let is_same = have <= entry.len() && (is_known || at < last);
            if is_same && have == entry.len() {
                continue;
            }
            let mut options = OpenOptions::new();
            let mut copy = options.create(true).append(true).open(&path)?;
            let from = if is_same { have } else { 0 };
            copy.set_len(from)?;
            let mut file = entry.to_file();
            file.seek(SeekFrom::Start(from))?;
            io::copy(&mut file, &mut copy)?;
        }
        Ok(())
    }
}
