with raw_games as (

    {{ raw_table(source('raw', 'games'), {
        'id': 'bigint',
        'slug': 'varchar',
        'name': 'varchar',
        'released': 'date',
        'tba': 'boolean',
        'background_image': 'varchar',
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
        'esrb_rating__slug': 'varchar',
        'esrb_rating__name': 'varchar',
        'updated': 'timestamp',
        'last_seen_at': 'timestamp',
        '_dlt_load_id': 'varchar'
    }) }}

),

loaded_games as (

    select
        *,
        {{ load_time('_dlt_load_id') }} as loaded_at
    from raw_games

),

dated_games as (

    select
        *,
        case
            when released is null then 'unknown'
            when released in ({{ date_list(var('placeholder_release_dates')) }}) then 'unknown'
            when released < {{ date_literal(var('first_date')) }} then 'unknown'
            when released > {{ dbt.dateadd('year', var('release_horizon_years'), 'loaded_at') }} then 'unknown'
            when extract(month from released) = 1 and extract(day from released) = 1 then 'year'
            when extract(month from released) = 12 and extract(day from released) = 31 then 'year'
            else 'day'
        end as release_date_precision
    from loaded_games

)

select
    id as game_id,
    slug as game_slug,
    name as game_name,
    background_image as image_url,
    esrb_rating__slug as esrb_rating_slug,
    esrb_rating__name as esrb_rating_name,
    case when release_date_precision = 'day' then released end as release_date,
    case when release_date_precision <> 'unknown' then cast(extract(year from released) as bigint) end as release_year,
    release_date_precision,
    released is not null and release_date_precision <> 'day' as is_release_date_placeholder,
    coalesce(tba, false) as is_tba,
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
    updated as updated_at,
    last_seen_at,
    loaded_at,
    _dlt_load_id as load_id
from dated_games
