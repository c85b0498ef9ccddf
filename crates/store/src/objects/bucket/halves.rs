//! Halves of epoch keys in a bucket: removed in every version, and looked for afterwards. The library knows nothing of
//! versions, so what is asked about them is written here.

use super::look::{text_of, walk};
use super::writer::created;
use super::{Bucket, BucketFault, failed};
use crate::StoreError;
use hyper::Method;
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};

/// A half has one version, or a few where somebody else wrote as well; more come with the next look.
const ROUNDS_MAX: usize = 20;
const RETAINED: &str = "The bucket keeps everything that is put there for a time (object lock with a default retention), so a half \
    of an epoch key could not be destroyed. Take the default retention away, or keep the objects in another bucket.";
const REPLICATED: &str = "The bucket is replicated to another one, which would keep the halves of epoch keys. Leave their prefix out of \
    the replication; docs/operating/s3.md.";
const UNTOLD: &str =
    "The bucket did not say whether it is replicated to another one. Allow s3:GetReplicationConfiguration.";

impl Bucket {
    /// What a half is called: beside the prefix of the objects, so that rules of the bucket can tell them apart.
    fn half_key(&self, name: &str) -> Key {
        let prefix = &self.place.prefix;
        let folder = if prefix.is_empty() { "halves".to_owned() } else { format!("{prefix}.halves") };
        Key::from_iter(folder.split('/').chain([name]))
    }

    pub(in crate::objects) async fn half_create(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        self.s3.put_opts(&self.half_key(name), PutPayload::from(bytes), options).await.map(drop).map_err(created)
    }

    pub(in crate::objects) async fn half_fetch(
        &self,
        name: &str,
        bytes_max: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let doing = "read a half";
        match self.s3.get(&self.half_key(name)).await {
            Ok(found) if found.meta.size <= bytes_max => Ok(Some(found.bytes().await.map_err(failed(doing))?.to_vec())),
            // Nothing of ours is that long: it is damaged, as what cannot be read is.
            Ok(_) => Err(StoreError::Column { column: "a half" }),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(doing)(error)),
        }
    }

    /// Removes every version by its number and then looks whether one is left.
    pub(in crate::objects) async fn half_purge(&self, name: &str) -> Result<(), StoreError> {
        let (key, doing) = (self.half_key(name), "destroy a half");
        for _ in 0..ROUNDS_MAX {
            let Some(versions) = self.versions(&key).await? else {
                // A server without versions has this one.
                match self.s3.delete(&key).await {
                    Ok(()) | Err(Error::NotFound { .. }) => break,
                    Err(error) => return Err(failed(doing)(error)),
                }
            };
            if versions.is_empty() {
                break;
            }
            for version in versions {
                let (status, _) =
                    self.say(doing, (Method::DELETE, Some(&key)), &[("versionId", version.as_str())]).await?;
                match status {
                    200 | 204 | 404 => {}
                    // Retention, a legal hold, MFA, or we may not.
                    401 | 403 => return Err(StoreError::Stays),
                    other => return Err(StoreError::Bucket { doing, fault: BucketFault::Status(other) }),
                }
            }
        }
        let left = self.versions(&key).await?.is_some_and(|versions| !versions.is_empty());
        if left || self.size_of(&key).await?.is_some() { Err(StoreError::Stays) } else { Ok(()) }
    }

    /// The numbers of all versions under this name, marks of deletion too; `None` where the server knows no versions.
    async fn versions(&self, key: &Key) -> Result<Option<Vec<String>>, StoreError> {
        let doing = "list the versions of a half";
        let query = [("versions", ""), ("prefix", key.as_ref())];
        let (status, said) = self.say(doing, (Method::GET, None), &query).await?;
        match status {
            200 => {}
            400 | 405 | 501 => {
                // A server that keeps versions and does not list them is one where nothing is known to be gone.
                let (status, said) = self.say(doing, (Method::GET, None), &[("versioning", "")]).await?;
                return match status {
                    200 if text_of(&said, "Status").is_some() => Err(StoreError::Stays),
                    200 | 400 | 404 | 405 | 501 => Ok(None),
                    401 | 403 => Err(StoreError::Stays),
                    other => Err(StoreError::Bucket { doing, fault: BucketFault::Status(other) }),
                };
            }
            // Whoever may not list them cannot know that none is left.
            401 | 403 => return Err(StoreError::Stays),
            404 => return Err(StoreError::Bucket { doing, fault: BucketFault::NoBucket }),
            other => return Err(StoreError::Bucket { doing, fault: BucketFault::Status(other) }),
        }
        let found = versions_in(&said).ok_or(StoreError::Bucket { doing, fault: BucketFault::NotUnderstood })?;
        Ok(Some(found.into_iter().filter(|(name, _)| name == key.as_ref()).map(|(_, version)| version).collect()))
    }

    /// What the bucket says of itself that would keep a half; empty when nothing would.
    pub(in crate::objects) async fn halves_asked(&self) -> Result<&'static str, StoreError> {
        let doing = "ask what the bucket keeps";
        let (status, said) = self.say(doing, (Method::GET, None), &[("object-lock", "")]).await?;
        // A lock without a default keeps only what somebody marks.
        if status == 200 && text_of(&said, "Mode").is_some() {
            return Ok(RETAINED);
        }
        let (status, said) = self.say(doing, (Method::GET, None), &[("replication", "")]).await?;
        match status {
            200 if is_replicated(&said, self.half_key("hlf_").as_ref()) => Ok(REPLICATED),
            200 | 400 | 404 | 405 | 501 => Ok(""),
            401 | 403 => Ok(UNTOLD),
            other => Err(StoreError::Bucket { doing, fault: BucketFault::Status(other) }),
        }
    }
}

/// Names and numbers in a list of versions; `None` when it is no such list.
fn versions_in(xml: &str) -> Option<Vec<(String, String)>> {
    let (mut found, mut key, mut version) = (Vec::new(), None, None);
    let mut is_list = false;
    let is_one = |group: &String| group == "Version" || group == "DeleteMarker";
    walk(xml, |path, text| {
        is_list |= path.first().is_some_and(|root| root.starts_with("ListVersions"));
        match (path, text) {
            ([_, group, leaf], Some(text)) if is_one(group) && leaf == "Key" => key = Some(text),
            ([_, group, leaf], Some(text)) if is_one(group) && leaf == "VersionId" => version = Some(text),
            ([_, group], None) if is_one(group) => found.extend(key.take().zip(version.take())),
            _ => {}
        }
    })?;
    is_list.then_some(found)
}

/// Is there a rule that copies what has this name elsewhere. What is no such list is taken for one that does.
fn is_replicated(xml: &str, name: &str) -> bool {
    let (mut copies, mut is_off, mut prefix) = (false, false, None::<String>);
    let mut is_list = false;
    let walked = walk(xml, |path, text| match (path, text) {
        ([root], _) => is_list = root == "ReplicationConfiguration",
        ([_, rule, leaf], Some(text)) if rule == "Rule" && leaf == "Status" => is_off = text == "Disabled",
        ([_, rule, .., leaf], Some(text)) if rule == "Rule" && leaf == "Prefix" => prefix = Some(text),
        ([_, rule], _) if rule == "Rule" => {
            let prefix = prefix.take().unwrap_or_default();
            copies |= !std::mem::take(&mut is_off) && name.starts_with(&prefix);
        }
        _ => {}
    });
    copies || walked.is_none() || !is_list
}

#[cfg(test)]
mod tests {
    use super::{is_replicated, versions_in};

    #[test]
    fn versions_and_marks_of_deletion_are_read_from_a_list_and_from_nothing_else() {
        let list = "<?xml version=\"1.0\"?><ListVersionsResult xmlns=\"x\"><Prefix>a</Prefix><IsTruncated>false</IsTruncated>\
            <Version><Key>a/b</Key><VersionId>null</VersionId><IsLatest>false</IsLatest><Owner><ID>o</ID></Owner></Version>\
            <DeleteMarker><Key>a/b</Key><VersionId>v2</VersionId></DeleteMarker></ListVersionsResult>";
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(versions_in(list).unwrap(), [pair("a/b", "null"), pair("a/b", "v2")]);
        assert!(versions_in("<ListVersionsResult/>").unwrap().is_empty());
        for bad in ["", "no xml", "<Error><Code>x</Code></Error>", "<ListVersionsResult><Version>", "<html>"] {
            assert!(versions_in(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_rule_that_copies_a_half_elsewhere_is_seen() {
        let rule =
            |inside: &str| format!("<ReplicationConfiguration><Role>r</Role>{inside}</ReplicationConfiguration>");
        let of = |prefix: &str, status: &str| {
            format!("<Rule><ID>1</ID><Status>{status}</Status><Filter><Prefix>{prefix}</Prefix></Filter></Rule>")
        };
        let name = "house.halves/hlf_";
        for copies in [
            rule("<Rule><Status>Enabled</Status><Destination><Bucket>b</Bucket></Destination></Rule>"),
            rule(&of("house", "Enabled")),
            rule(&format!("{}{}", of("other/", "Enabled"), of("house.halves/", "Enabled"))),
            rule(&format!("{}{}", of("house/", "Disabled"), of("", "Enabled"))),
            "no xml".to_owned(),
            "<ReplicationConfiguration>".to_owned(),
        ] {
            assert!(is_replicated(&copies, name), "{copies}");
        }
        for not in [rule(&of("house/", "Enabled")), rule(&of("", "Disabled")), rule("")] {
            assert!(!is_replicated(&not, name), "{not}");
        }
    }
}
