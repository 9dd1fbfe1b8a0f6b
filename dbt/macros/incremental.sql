{#- Tables whose rows belong to a game are built by load. A game's rows carry the load that its row in staging came
    with; a load brings all rows of a game, so a game is either up to date or replaced as a whole. Link tables are joined
    on the load as well: links of another load are not the game's any more (or its new ones are still to come, if a load
    was cut short), and an engine finds those of the new loads without reading the others. -#}

{#- Condition for the rows of `staged` whose load is not built yet. It compares the load ids with those built, not with
    the newest built, so a load that comes late is built as well. That reads one narrow column of either table; as the
    new loads are then named, the engine reads the other columns only where it stores rows of these loads. -#}
{% macro is_new_load(staged) -%}
    {%- if is_incremental() -%}
    load_id in (
        select loads.load_id
        from (select distinct load_id from {{ staged }}) as loads
        where loads.load_id not in (select distinct built.load_id from {{ this }} as built)
    )
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}


{#- The strategy `replace_games`: rows of games that have a newer load, that have left the raw table, or that the model
    selected again, make place for what it selected. It names the staging model that decides in `meta.changes_with`. -#}
{% macro get_incremental_replace_games_sql(arguments) -%}
    {{ return(adapter.dispatch("replace_games_sql")(arguments, ref(config.get("meta")["changes_with"]))) }}
{%- endmacro %}

{% macro default__replace_games_sql(arguments, staged) -%}
    {%- set columns = get_quoted_csv(arguments["dest_columns"] | map(attribute="name")) -%}
    delete from {{ arguments["target_relation"] }} as built
    where not exists (
        select 1 from {{ staged }} as staged
        where staged.game_id = built.game_id
            and staged.load_id = built.load_id
    ) or game_id in (select game_id from {{ arguments["temp_relation"] }});
    insert into {{ arguments["target_relation"] }} ({{ columns }})
    select {{ columns }} from {{ arguments["temp_relation"] }}
{%- endmacro %}

{% macro snowflake__replace_games_sql(arguments, staged) -%}
    {{ return(snowflake_dml_explicit_transaction(default__replace_games_sql(arguments, staged))) }}
{%- endmacro %}
