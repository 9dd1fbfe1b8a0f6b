with raw_unlisted_games as (

    {{ raw_table(source('raw', 'unlisted_games'), {
        'game_id': 'bigint',
        'last_seen_at': 'timestamp',
        'noticed_at': 'timestamp',
        '_dlt_load_id': 'varchar'
    }, optional=true) }}

)

select
    game_id,
    last_seen_at,
    noticed_at,
    _dlt_load_id as load_id
from raw_unlisted_games
