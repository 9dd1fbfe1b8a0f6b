with raw_game_snapshots as (

    {{ raw_table(source('raw', 'game_snapshots'), {
        'game_id': 'bigint',
        'snapshot_date': 'date',
        'rating': 'double',
        'rating_top': 'bigint',
        'ratings_count': 'bigint',
        'reviews_text_count': 'bigint',
        'reviews_count': 'bigint',
        'added': 'bigint',
        'added_by_status__yet': 'bigint',
        'added_by_status__owned': 'bigint',
        'added_by_status__beaten': 'bigint',
        'added_by_status__toplay': 'bigint',
        'added_by_status__dropped': 'bigint',
        'added_by_status__playing': 'bigint',
        'metacritic': 'bigint',
        'playtime': 'bigint',
        'suggestions_count': 'bigint',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    snapshot_date,
    nullif(rating, 0) as rating,
    rating_top,
    ratings_count,
    reviews_text_count as text_reviews_count,
    reviews_count,
    added as added_count,
    added_by_status__yet as not_played_count,
    added_by_status__owned as owned_count,
    added_by_status__beaten as beaten_count,
    added_by_status__toplay as to_play_count,
    added_by_status__dropped as dropped_count,
    added_by_status__playing as playing_count,
    metacritic as metacritic_score,
    nullif(playtime, 0) as playtime_hours,
    suggestions_count,
    _dlt_load_id as load_id
from raw_game_snapshots
