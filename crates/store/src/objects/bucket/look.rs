//! What a bucket lets us do and what it says of itself: uploads left behind, versions, locks, the public.

use super::{Bucket, BucketFault, failed};
use crate::StoreError;
use hyper::{Method, Request};
use object_store::aws::AwsAuthorizer;
use object_store::client::HttpRequestBody;
use object_store::multipart::MultipartStore as _;
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};
use quick_xml::Reader;
use quick_xml::events::Event;

/// What a bucket may say of itself, bytes. A page of a thousand uploads has less.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What was found out about a bucket. `None` where it did not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketSeen {
    /// It refused to put a second object under the name of the first.
    pub put_creates_only: bool,
    /// The same of an object that came in parts.
    pub parts_create_only: bool,
    /// What was put came back as it was.
    pub reads_back: bool,
    /// It keeps versions of what is removed.
    pub versioned: Option<bool>,
    /// It keeps objects from being removed for a time.
    pub locks: Option<bool>,
    /// Its policy lets the public in.
    pub is_public: Option<bool>,
}

impl Bucket {
    /// Asks the bucket itself, `GET /bucket?…`, which the library has no words for. Status and text of the answer.
    async fn ask(&self, doing: &'static str, query: &[(&str, &str)]) -> Result<(u16, String), StoreError> {
        self.say(doing, (Method::GET, None), query).await
    }

    /// The same with another method, and of one name in the bucket.
    pub(super) async fn say(
        &self,
        doing: &'static str,
        (method, key): (Method, Option<&Key>),
        query: &[(&str, &str)],
    ) -> Result<(u16, String), StoreError> {
        let odd = || StoreError::Bucket { doing, fault: BucketFault::NotUnderstood };
        // Names of ours need no escaping: letters, digits, and what `place.rs` lets into a prefix.
        let behind = key.map_or_else(String::new, |key| format!("/{key}"));
        let mut url = url::Url::parse(&format!("{}{behind}", self.place.base())).map_err(|_| odd())?;
        url.query_pairs_mut().extend_pairs(query);
        let request = Request::builder().method(method).uri(url.as_str()).body(HttpRequestBody::empty());
        let mut request = request.map_err(|_| odd())?;
        let credential = self.s3.credentials().get_credential().await.map_err(failed(doing))?;
        let authorizer = AwsAuthorizer::new(&credential, "s3", &self.place.region);
        authorizer.try_authorize(&mut request, None).map_err(failed(doing))?;
        let said = self.wire.text(request, ANSWER_BYTES_MAX).await;
        said.map_err(|error| StoreError::Bucket { doing, fault: BucketFault::of_http(error.kind()) })
    }

    /// Uploads in parts under this name that nobody finished.
    pub(super) async fn leftovers(&self, key: &Key) -> Result<Vec<String>, StoreError> {
        let doing = "list what never arrived";
        let (status, said) = self.ask(doing, &[("uploads", ""), ("prefix", key.as_ref())]).await?;
        match status {
            200 => {}
            401 | 403 => return Err(StoreError::Bucket { doing, fault: BucketFault::Refused }),
            404 => return Err(StoreError::Bucket { doing, fault: BucketFault::NoBucket }),
            // A server without uploads in parts has none that were left behind.
            501 => return Ok(Vec::new()),
            other => return Err(StoreError::Bucket { doing, fault: BucketFault::Status(other) }),
        }
        let odd = StoreError::Bucket { doing, fault: BucketFault::NotUnderstood };
        let Some(found) = uploads_in(&said) else { return Err(odd) };
        Ok(found.into_iter().filter(|(name, _)| name == key.as_ref()).map(|(_, upload)| upload).collect())
    }

    pub(in crate::objects) async fn look(&self, probe: [u8; 32]) -> Result<BucketSeen, StoreError> {
        let doing = "try the bucket";
        let name = data_encoding::HEXLOWER.encode(&probe[..16]);
        let parts = self.place.prefix.split('/').filter(|part| !part.is_empty());
        let key = Key::from_iter(parts.chain(["probe", name.as_str()]));
        let put = || {
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            let payload = PutPayload::from(probe.to_vec());
            let (s3, key) = (&self.s3, &key);
            async move { s3.put_opts(key, payload, options).await }
        };
        put().await.map_err(failed(doing))?;
        let seen = async {
            let put_creates_only = is_refused(put().await).map_err(failed(doing))?;
            let upload = self.s3.create_multipart(&key).await.map_err(failed(doing))?;
            let part =
                self.s3.put_part(&key, &upload, 0, PutPayload::from(vec![0; 32])).await.map_err(failed(doing))?;
            let completed = self.creating.complete_multipart(&key, &upload, vec![part]).await;
            let parts_create_only = is_refused(completed).map_err(failed(doing))?;
            if parts_create_only {
                drop(self.s3.abort_multipart(&key, &upload).await);
            }
            let back = self.s3.get(&key).await.map_err(failed(doing))?.bytes().await.map_err(failed(doing))?;
            let reads_back = !put_creates_only || !parts_create_only || back.as_ref() == probe;
            let versioned = self
                .said(doing, "versioning")
                .await?
                .map(|said| text_of(&said, "Status").as_deref() == Some("Enabled"));
            let locks = self.said(doing, "object-lock").await?;
            let locks = locks.map(|said| text_of(&said, "ObjectLockEnabled").as_deref() == Some("Enabled"));
            let is_public = self.said(doing, "policyStatus").await?;
            let is_public =
                is_public.map(|said| text_of(&said, "IsPublic").is_some_and(|text| text.eq_ignore_ascii_case("true")));
            Ok(BucketSeen { put_creates_only, parts_create_only, reads_back, versioned, locks, is_public })
        }
        .await;
        // Whatever was found, the probe goes again.
        self.s3.delete(&key).await.map_err(failed(doing))?;
        seen
    }

    /// What the bucket says of itself; `None` when it may not tell us, or does not know the question.
    async fn said(&self, doing: &'static str, what: &str) -> Result<Option<String>, StoreError> {
        let (status, said) = self.ask(doing, &[(what, "")]).await?;
        // That there is no policy and no lock is an answer, too.
        let has_none = ["NoSuchBucketPolicy", "ObjectLockConfigurationNotFoundError"];
        let is_answer = status == 200
            || status == 404 && text_of(&said, "Code").is_some_and(|code| has_none.contains(&code.as_str()));
        Ok(Some(said).filter(|_| is_answer))
    }
}

/// Was something refused because there is something already.
fn is_refused<T>(done: object_store::Result<T>) -> Result<bool, Error> {
    match done {
        Ok(_) => Ok(false),
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Names and uploads in a list of uploads; `None` when it is no such list.
fn uploads_in(xml: &str) -> Option<Vec<(String, String)>> {
    let (mut found, mut key, mut upload) = (Vec::new(), None, None);
    let mut is_list = false;
    walk(xml, |path, text| {
        is_list |= path.first().is_some_and(|root| root == "ListMultipartUploadsResult");
        match (path, text) {
            ([_, group, leaf], Some(text)) if group == "Upload" && leaf == "Key" => key = Some(text),
            ([_, group, leaf], Some(text)) if group == "Upload" && leaf == "UploadId" => upload = Some(text),
            ([_, group], None) if group == "Upload" => found.extend(key.take().zip(upload.take())),
            _ => {}
        }
    })?;
    is_list.then_some(found)
}

/// The text of the first element of this name.
pub(super) fn text_of(xml: &str, name: &str) -> Option<String> {
    let mut found = None;
    walk(xml, |path, text| {
        if found.is_none() && path.last().is_some_and(|last| last == name) {
            found = text;
        }
    })?;
    found
}

/// Calls `see` at the end of each element, with the names from the root to it, and its text when it has one. `None` when
/// it is no well-formed document.
pub(super) fn walk(xml: &str, mut see: impl FnMut(&[String], Option<String>)) -> Option<()> {
    let mut reader = Reader::from_str(xml);
    let (mut path, mut text) = (Vec::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                path.push(start.local_name().as_ref().to_owned());
                text.clear();
            }
            Event::Empty(empty) => {
                path.push(empty.local_name().as_ref().to_owned());
                see(&path, None);
                path.pop();
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::GeneralRef(entity) => text.push(match &*entity {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => return None,
            }),
            Event::End(_) => {
                see(&path, Some(std::mem::take(&mut text)).filter(|text| !text.trim().is_empty()));
                path.pop();
            }
            Event::Eof => return path.is_empty().then_some(()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{text_of, uploads_in};

    #[test]
    fn uploads_are_read_from_a_list_and_from_nothing_else() {
        let list = "<?xml version=\"1.0\"?><ListMultipartUploadsResult xmlns=\"x\"><Bucket>b</Bucket><IsTruncated>false</IsTruncated>\
            <Upload><Key>a/b</Key><UploadId>u&amp;1</UploadId><Initiator><ID>i</ID></Initiator></Upload>\
            <Upload><UploadId>u2</UploadId><Key>c</Key></Upload><Upload><Key>no id</Key></Upload></ListMultipartUploadsResult>";
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(uploads_in(list).unwrap(), [pair("a/b", "u&1"), pair("c", "u2")]);
        for bad in ["", "no xml", "<Error><Code>x</Code></Error>", "<ListMultipartUploadsResult><Upload>", "<html>"] {
            assert!(uploads_in(bad).is_none(), "{bad}");
        }
        assert_eq!(text_of("<A><Status>Enabled</Status></A>", "Status").as_deref(), Some("Enabled"));
        assert_eq!(text_of("<A/>", "Status"), None);
    }
}
