-- One row per round, service and similar service: its place among the peers (1 is nearest), how near, and who it is.
-- distance is in standard deviations of the declared features; version says which likeness is meant.
SELECT
    likeness.round_id,
    likeness.service_id,
    service.name,
    likeness.place,
    likeness.peer_id,
    peer.name AS peer_name,
    likeness.distance,
    likeness.version,
    peer.child_population AS peer_child_population,
    peer.municipalities AS peer_municipalities,
    peer.peer_group AS peer_peer_group
FROM result.service_peer AS likeness
JOIN core.service AS service ON service.service_id = likeness.service_id AND service.valid_to IS NULL
JOIN core.service AS peer ON peer.service_id = likeness.peer_id AND peer.valid_to IS NULL
ORDER BY likeness.round_id, likeness.service_id, likeness.place
