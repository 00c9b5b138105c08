-- One row per file behind the release.
SELECT
    file.file_id,
    dataset.title,
    file.publisher,
    file.licence,
    file.url,
    file.published_at,
    file.published_is_known,
    file.revision,
    file.is_synthetic,
    file.sha256
FROM raw.file AS file
JOIN registry.dataset AS dataset USING (dataset_id)
ORDER BY file.file_id
